-- How well a promise was kept: line 0 counts decided tries, line 1 the customers behind them.
SELECT 0 AS line,
    count(*), count(*) FILTER (outcome < 3), count(*) FILTER (outcome < 3 AND duration > {{slower}}),
    count(*) FILTER (outcome = 3), count(*) FILTER (outcome > 2),
    coalesce(min(ended), 0), coalesce(bool_or(weight > 1), false)
FROM interactions WHERE {{filter}} AND outcome BETWEEN 1 AND 4
UNION ALL
SELECT 1,
    count(*), count(*) FILTER (reached), count(*) FILTER (slow),
    count(*) FILTER (failed), count(*) FILTER (unfinished),
    0, false
FROM (
    SELECT bool_or(outcome < 3) AS reached, bool_or(outcome < 3 AND duration > {{slower}}) AS slow,
        bool_or(outcome = 3) AS failed, bool_or(outcome > 2) AS unfinished
    FROM {{hits}} WHERE outcome BETWEEN 1 AND 4 AND who IS NOT NULL GROUP BY who
)
