-- Few values a row, because each one costs: see history.go. Names that repeat are one text.
SELECT j.known, j.scope::BIGINT * 4096 + j.outcome * 256 + j.abandoned_how, j.ended, j.duration,
    j.customer, j.id,
    strlen(j.journey) + strlen(j.step) * 65536 + strlen(j.service) * 4294967296 + strlen(j.release) * 281474976710656,
    j.journey || j.step || j.service || j.release || j.segments
FROM ({{judged}}) j JOIN scopes s ON s.id = j.scope AND s.traffic = {{traffic}}
ORDER BY j.known, j.ended, j.id
