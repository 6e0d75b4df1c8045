-- How many customers were seen how often: of all decided tries, of the failed, of the degraded.
SELECT
    count(*), count(*) FILTER (n = 1), count(*) FILTER (n = 2), coalesce(sum(n), 0)::BIGINT,
    count(*) FILTER (f > 0), count(*) FILTER (f = 1), count(*) FILTER (f = 2), coalesce(sum(f), 0)::BIGINT,
    count(*) FILTER (d > 0), count(*) FILTER (d = 1), count(*) FILTER (d = 2), coalesce(sum(d), 0)::BIGINT
FROM (
    SELECT count(*) AS n, count(*) FILTER (outcome = 3) AS f, count(*) FILTER (outcome = 2) AS d
    FROM {{hits}}
    WHERE outcome BETWEEN 1 AND 4 AND who IS NOT NULL
    GROUP BY who
)
