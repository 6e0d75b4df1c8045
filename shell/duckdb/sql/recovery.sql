-- Of the customers with a failure in scope: what came of their last one. The same thing
-- (the same scope) counts, whatever else the question asks of interactions.
WITH last_failure AS (
    SELECT customer, arg_max(scope, (ended, id)) AS scope, max(ended) AS failed_at
    FROM interactions
    WHERE {{filter}} AND outcome = 3 AND customer IS NOT NULL
    GROUP BY customer
), recovered AS (
    SELECT DISTINCT f.customer
    FROM last_failure f
    JOIN interactions i ON i.customer = f.customer AND i.scope = f.scope
    WHERE i.outcome BETWEEN 1 AND 2 AND i.scope IN ({{scopes}})
        AND i.ended > {{from}} AND i.ended <= {{until}}
        AND i.ended > f.failed_at AND i.ended <= f.failed_at + {{window}}
)
SELECT
    count(*) FILTER (r.customer IS NOT NULL) AS recovered,
    count(*) FILTER (r.customer IS NULL AND f.failed_at <= {{asof}} - {{window}}) AS lost,
    count(*) FILTER (r.customer IS NULL AND f.failed_at > {{asof}} - {{window}}) AS undecided
FROM last_failure f LEFT JOIN recovered r ON r.customer = f.customer
