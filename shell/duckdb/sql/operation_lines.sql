-- The busiest operations, and those with most errors.
WITH hit AS (
    SELECT service, operation, kind, sum(errors) AS errors, sum(count) AS count
    FROM operations WHERE {{filter}} AND started >= {{from}} AND started < {{to}} GROUP BY ALL
)
SELECT service, operation, kind FROM hit
QUALIFY row_number() OVER (ORDER BY errors DESC, count DESC, service, operation, kind) <= {{half}}
    OR row_number() OVER (ORDER BY count DESC, errors DESC, service, operation, kind) <= {{half}}
