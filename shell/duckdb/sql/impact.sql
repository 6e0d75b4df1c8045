-- Everything about who was hit, for a scope of which a copy fits into memory: the rows
-- in scope are read once. Lines 0 to 2 are customers, sessions and accounts: total,
-- failed, degraded, and customers by their strongest level of identity. Line 3 is what
-- came of each customer's last failure: see recovery.sql. A success is looked for in
-- the copy and in what ended after the window, or in all interactions when the
-- question has conditions, which do not narrow it.
WITH hit AS MATERIALIZED (
    SELECT scope, ended, outcome, who AS customer, strength AS level, session, account
    FROM {{hits}}
    WHERE outcome BETWEEN 1 AND 4
), customers AS MATERIALIZED (
    SELECT customer, bool_or(outcome = 3) AS failed, bool_or(outcome = 2) AS degraded, min(nullif(level, 0)) AS level,
        max(if(outcome = 3, ended, NULL)) AS failed_at
    FROM hit WHERE customer IS NOT NULL GROUP BY customer
), sessions AS (
    SELECT bool_or(outcome = 3) AS failed, bool_or(outcome = 2) AS degraded
    FROM hit WHERE session IS NOT NULL GROUP BY session
), accounts AS (
    SELECT bool_or(outcome = 3) AS failed, bool_or(outcome = 2) AS degraded
    FROM hit WHERE account IS NOT NULL GROUP BY account
), last_failure AS (
    SELECT customer, failed_at FROM customers WHERE failed
), success AS (
    {{again}}
), recovered AS (
    SELECT DISTINCT f.customer
    FROM last_failure l
    JOIN hit f ON f.customer = l.customer AND f.ended = l.failed_at AND f.outcome = 3
    JOIN success i ON i.customer = f.customer AND i.scope = f.scope
    WHERE i.ended > l.failed_at AND i.ended <= l.failed_at + {{window}} AND i.ended <= {{until}}
)
SELECT 0 AS line, count(*), count(*) FILTER (failed), count(*) FILTER (degraded),
    count(*) FILTER (level = 1), count(*) FILTER (level = 2), count(*) FILTER (level = 3), count(*) FILTER (level = 4)
FROM customers
UNION ALL
SELECT 1, count(*), count(*) FILTER (failed), count(*) FILTER (degraded), 0, 0, 0, 0 FROM sessions
UNION ALL
SELECT 2, count(*), count(*) FILTER (failed), count(*) FILTER (degraded), 0, 0, 0, 0 FROM accounts
UNION ALL
SELECT 3,
    count(*) FILTER (r.customer IS NOT NULL),
    count(*) FILTER (r.customer IS NULL AND l.failed_at <= {{asof}} - {{window}}),
    count(*) FILTER (r.customer IS NULL AND l.failed_at > {{asof}} - {{window}}),
    0, 0, 0, 0
FROM last_failure l LEFT JOIN recovered r ON r.customer = l.customer
