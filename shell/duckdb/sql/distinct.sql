-- Distinct members of a population among the decided interactions in scope.
-- level: 1 user, 2 pseudonym, 3 installation, 4 session; a customer's strongest counts.
SELECT
    count(*) AS total,
    count(*) FILTER (failed) AS failed,
    count(*) FILTER (degraded) AS degraded,
    count(*) FILTER (level = 1), count(*) FILTER (level = 2),
    count(*) FILTER (level = 3), count(*) FILTER (level = 4)
FROM (
    SELECT
        {{population}},
        bool_or(outcome = 3) AS failed,
        bool_or(outcome = 2) AS degraded,
        min(nullif(strength, 0)) AS level
    FROM {{people}}
    WHERE outcome BETWEEN 1 AND 4 AND {{population}} IS NOT NULL
    GROUP BY {{population}}
)
