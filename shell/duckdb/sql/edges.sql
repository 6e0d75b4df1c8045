SELECT caller, callee, peer, third_party, started, known, count, errors, latency
FROM edges
WHERE env = $env AND started >= {{from}} AND started < {{to}}
ORDER BY caller, callee, peer, third_party
