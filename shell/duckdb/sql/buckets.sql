-- The buckets themselves; their sketches are merged outside.
SELECT scope, started, success, degraded, failed, abandoned, cancelled, open, customers, sessions, accounts, latency, adjusted
FROM buckets
WHERE {{buckets}}
