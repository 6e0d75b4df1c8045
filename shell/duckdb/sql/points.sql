-- The window in steps, split by a value or not (v is then ''). Built as stats.sql is.
WITH hit AS {{copy}} (
    SELECT (ended - {{from}}) // {{step}} AS nr, {{by}} AS v, outcome, weight > 1 AS sampled, duration, {{identity}}
    FROM interactions WHERE {{filter}}
), customers AS (
    SELECT nr, v, count(*) AS total, count(*) FILTER (failed) AS failed, count(*) FILTER (degraded) AS degraded
    FROM (
        SELECT nr, v, who, bool_or(outcome = 3) AS failed, bool_or(outcome = 2) AS degraded
        FROM {{people}} WHERE who IS NOT NULL AND outcome BETWEEN 1 AND 4 GROUP BY nr, v, who
    ) GROUP BY nr, v
), sessions AS (
    SELECT nr, v, count(*) AS total, count(*) FILTER (failed) AS failed, count(*) FILTER (degraded) AS degraded
    FROM (
        SELECT nr, v, session, bool_or(outcome = 3) AS failed, bool_or(outcome = 2) AS degraded
        FROM hit WHERE session IS NOT NULL AND outcome BETWEEN 1 AND 4 GROUP BY nr, v, session
    ) GROUP BY nr, v
), numbers AS (
    SELECT nr, v,
        count(*) FILTER (outcome = 1) AS n1, count(*) FILTER (outcome = 2) AS n2, count(*) FILTER (outcome = 3) AS n3,
        count(*) FILTER (outcome = 4) AS n4, count(*) FILTER (outcome = 5) AS n5, count(*) FILTER (outcome = 0) AS n0,
        bool_or(sampled) AS sampled,
        quantile_disc(duration, [0.5, 0.95, 0.99]) FILTER (outcome BETWEEN 1 AND 3) AS q
    FROM hit GROUP BY nr, v
)
SELECT n.nr, n.v, n1, n2, n3, n4, n5, n0,
    coalesce(c.total, 0), coalesce(c.failed, 0), coalesce(c.degraded, 0),
    coalesce(s.total, 0), coalesce(s.failed, 0), coalesce(s.degraded, 0), coalesce(n.sampled, false),
    q[1], q[2], q[3]
FROM numbers n
LEFT JOIN customers c ON c.nr = n.nr AND c.v = n.v
LEFT JOIN sessions s ON s.nr = n.nr AND s.v = n.v
