-- Deltas of some operations by step; latencies are merged outside.
SELECT o.service, o.operation, o.kind, o.release, (o.started - {{from}}) // {{step}} AS nr,
    o.count, o.errors, o.self_time, o.latency
FROM (SELECT * FROM operations WHERE {{filter}} AND started >= {{from}} AND started < {{to}}) o
JOIN (VALUES {{lines}}) t(service, operation, kind)
    ON t.service = o.service AND t.operation = o.operation AND t.kind::UTINYINT = o.kind
ORDER BY o.service, o.operation, o.kind, o.release, nr
