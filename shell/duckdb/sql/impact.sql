-- Everything about who was hit, for a scope of which a copy fits into memory: the rows
-- in scope are read once. Lines 1 to 3 are customers, sessions and accounts: total,
-- failed, degraded, and customers by their strongest level of identity.
WITH hit AS MATERIALIZED (
    SELECT customer, level, session, account, outcome
    FROM interactions
    WHERE {{filter}} AND outcome BETWEEN 1 AND 4
), customers AS (
    SELECT bool_or(outcome = 3) AS failed, bool_or(outcome = 2) AS degraded, min(nullif(level, 0)) AS level
    FROM hit WHERE customer IS NOT NULL GROUP BY customer
), sessions AS (
    SELECT bool_or(outcome = 3) AS failed, bool_or(outcome = 2) AS degraded
    FROM hit WHERE session IS NOT NULL GROUP BY session
), accounts AS (
    SELECT bool_or(outcome = 3) AS failed, bool_or(outcome = 2) AS degraded
    FROM hit WHERE account IS NOT NULL GROUP BY account
)
SELECT 0 AS line, count(*), count(*) FILTER (failed), count(*) FILTER (degraded),
    count(*) FILTER (level = 1), count(*) FILTER (level = 2), count(*) FILTER (level = 3), count(*) FILTER (level = 4)
FROM customers
UNION ALL
SELECT 1, count(*), count(*) FILTER (failed), count(*) FILTER (degraded), 0, 0, 0, 0 FROM sessions
UNION ALL
SELECT 2, count(*), count(*) FILTER (failed), count(*) FILTER (degraded), 0, 0, 0, 0 FROM accounts
