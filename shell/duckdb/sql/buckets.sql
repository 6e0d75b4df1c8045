-- The buckets themselves; their sketches are merged outside.
SELECT
    scope, started, success, degraded, failed, abandoned, cancelled, open,
    customers_success, customers_degraded, customers_failed, customers_abandoned,
    sessions_success, sessions_degraded, sessions_failed, sessions_abandoned,
    accounts_success, accounts_degraded, accounts_failed, accounts_abandoned,
    latency_success, latency_degraded, latency_failed
FROM buckets
WHERE {{buckets}}
