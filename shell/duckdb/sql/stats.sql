-- One line for each scope with interactions in the window. Two steps (each customer of
-- a scope once, then the scope) cost half of six count(DISTINCT) in small windows.
WITH hit AS {{copy}} (
    SELECT scope, outcome, weight > 1 AS sampled, {{identity}} FROM interactions WHERE {{filter}}
), customers AS (
    SELECT scope, count(*) AS total, count(*) FILTER (failed) AS failed, count(*) FILTER (degraded) AS degraded
    FROM (
        SELECT scope, who, bool_or(outcome = 3) AS failed, bool_or(outcome = 2) AS degraded
        FROM {{people}} WHERE who IS NOT NULL AND outcome BETWEEN 1 AND 4 GROUP BY scope, who
    ) GROUP BY scope
), sessions AS (
    SELECT scope, count(*) AS total, count(*) FILTER (failed) AS failed, count(*) FILTER (degraded) AS degraded
    FROM (
        SELECT scope, session, bool_or(outcome = 3) AS failed, bool_or(outcome = 2) AS degraded
        FROM hit WHERE session IS NOT NULL AND outcome BETWEEN 1 AND 4 GROUP BY scope, session
    ) GROUP BY scope
), numbers AS (
    SELECT scope,
        count(*) FILTER (outcome = 1) AS n1, count(*) FILTER (outcome = 2) AS n2, count(*) FILTER (outcome = 3) AS n3,
        count(*) FILTER (outcome = 4) AS n4, count(*) FILTER (outcome = 5) AS n5, count(*) FILTER (outcome = 0) AS n0,
        bool_or(sampled) AS sampled
    FROM hit GROUP BY scope
)
SELECT n.scope, n1, n2, n3, n4, n5, n0,
    coalesce(c.total, 0), coalesce(c.failed, 0), coalesce(c.degraded, 0),
    coalesce(s.total, 0), coalesce(s.failed, 0), coalesce(s.degraded, 0), coalesce(n.sampled, false)
FROM numbers n LEFT JOIN customers c ON c.scope = n.scope LEFT JOIN sessions s ON s.scope = n.scope
