-- The window in steps, one line for each scope and step with interactions: tries only.
SELECT scope, (ended - {{from}}) // {{step}} AS nr,
    count(*) FILTER (outcome = 1), count(*) FILTER (outcome = 2), count(*) FILTER (outcome = 3),
    count(*) FILTER (outcome = 4), count(*) FILTER (outcome = 5), count(*) FILTER (outcome = 0)
FROM interactions WHERE {{filter}}
GROUP BY ALL
