-- Distinct customers of whole days, with at least one decided interaction.
SELECT count(*), count(*) FILTER (failed), count(*) FILTER (degraded)
FROM (
    SELECT d.customer, bool_or(d.failed > 0) AS failed, bool_or(d.degraded > 0) AS degraded
    FROM customer_days d
    JOIN scopes s ON s.env = d.env AND s.app = d.app AND s.name = d.journey AND s.kind = d.kind
    WHERE d.day >= {{from}} AND d.day < {{to}} AND s.id IN ({{scopes}})
        AND d.success + d.degraded + d.failed + d.abandoned > 0
    GROUP BY d.customer
)
