-- Deltas in order of operation; their latencies are merged outside.
SELECT service, operation, kind, release, count, errors, latency
FROM operations
WHERE env = $env AND ($service = '' OR service = $service) AND started >= {{from}} AND started < {{to}}
ORDER BY service, operation, kind, release
