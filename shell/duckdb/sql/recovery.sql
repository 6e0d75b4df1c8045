-- Of the customers with a failure in scope: what came of their last one. The same thing
-- (the same scope) counts, whatever else the question asks of interactions; of two
-- things that failed at the same moment, either.
WITH failure AS MATERIALIZED (
    SELECT who AS customer, scope, ended
    FROM {{hits}}
    WHERE outcome = 3 AND who IS NOT NULL
), last_failure AS (
    SELECT customer, max(ended) AS failed_at FROM failure GROUP BY customer
), recovered AS (
    SELECT DISTINCT f.customer
    FROM last_failure l
    JOIN failure f ON f.customer = l.customer AND f.ended = l.failed_at
    JOIN {{successes}} i ON i.who = f.customer AND i.scope = f.scope
    WHERE i.ended > l.failed_at AND i.ended <= l.failed_at + {{window}}
)
SELECT
    count(*) FILTER (r.customer IS NOT NULL) AS recovered,
    count(*) FILTER (r.customer IS NULL AND l.failed_at <= {{asof}} - {{window}}) AS lost,
    count(*) FILTER (r.customer IS NULL AND l.failed_at > {{asof}} - {{window}}) AS undecided
FROM last_failure l LEFT JOIN recovered r ON r.customer = l.customer
