-- Deltas of the busiest operations and of those with most errors, by step; latencies are merged outside.
WITH hit AS (
    SELECT service, operation, kind, sum(errors) AS errors, sum(count) AS count
    FROM operations WHERE {{filter}} AND started >= {{from}} AND started < {{to}} GROUP BY ALL
), top AS (
    SELECT service, operation, kind FROM hit
    QUALIFY row_number() OVER (ORDER BY errors DESC, count DESC, service, operation, kind) <= {{half}}
        OR row_number() OVER (ORDER BY count DESC, errors DESC, service, operation, kind) <= {{half}}
)
SELECT o.service, o.operation, o.kind, o.release, (o.started - {{from}}) // {{step}} AS nr,
    o.count, o.errors, o.self_time, o.latency
FROM (SELECT * FROM operations WHERE {{filter}} AND started >= {{from}} AND started < {{to}}) o JOIN top t ON t.service = o.service AND t.operation = o.operation AND t.kind = o.kind
ORDER BY o.service, o.operation, o.kind, o.release, nr
