-- Keeps those of the interactions that are about to be replaced that had an outcome for the first time.
INSERT INTO first_tries SELECT i.id, i.first_known, i.known, i.scope, i.journey, i.step,
    i.ended, i.outcome, i.abandoned_how, i.duration, i.customer, i.service, i.release, i.segments
FROM interactions i, {{these}}
WHERE i.first_known BETWEEN {{first}} AND {{last}} AND i.id = v.id AND i.version < v.version AND i.outcome > 0
    AND NOT EXISTS (SELECT 1 FROM first_tries f WHERE f.first_known BETWEEN {{first}} AND {{last}} AND f.id = i.id)
