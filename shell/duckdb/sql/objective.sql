-- How well a promise was kept: line 0 counts tries, line 1 the customers behind them. As in Interaction.Failing,
-- failing are those that failed or were left after a failure, and journeys that are open and failed with the
-- step that was tried last. Steps are read of the open ones only.
WITH hit AS NOT MATERIALIZED (
    SELECT outcome, duration, weight, ended, outcome = 3 OR outcome = 4 AND abandoned_how = 1 AS failing, customer, level, session, installation
    FROM interactions WHERE {{filter}} AND outcome BETWEEN 1 AND 4
    UNION ALL
    SELECT outcome, duration, weight, ended, true, customer, level, session, installation
    FROM interactions WHERE {{filter}} AND outcome = 0
        AND list_max([{'ended': s.ended, 'outcome': s.outcome} FOR s IN steps IF s.tries > 0]).outcome = 3
)
SELECT 0 AS line,
    count(*), count(*) FILTER (outcome BETWEEN 1 AND 2), count(*) FILTER (outcome BETWEEN 1 AND 2 AND duration > {{slower}}),
    count(*) FILTER (failing), count(*) FILTER (outcome NOT BETWEEN 1 AND 2),
    coalesce(min(ended), 0), coalesce(bool_or(weight > 1), false)
FROM hit
UNION ALL
SELECT 1,
    count(*), count(*) FILTER (reached), count(*) FILTER (slow),
    count(*) FILTER (failed), count(*) FILTER (unfinished),
    0, false
FROM (
    SELECT bool_or(outcome BETWEEN 1 AND 2) AS reached, bool_or(outcome BETWEEN 1 AND 2 AND duration > {{slower}}) AS slow,
        bool_or(failing) AS failed, bool_or(outcome NOT BETWEEN 1 AND 2) AS unfinished
    FROM {{people}} WHERE who IS NOT NULL GROUP BY who
)
