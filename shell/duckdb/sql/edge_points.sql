-- As operation_points.sql.
WITH hit AS (
    SELECT caller, callee, peer, third_party, sum(errors) AS errors, sum(count) AS count
    FROM edges WHERE {{filter}} AND started >= {{from}} AND started < {{to}} GROUP BY ALL
), top AS (
    SELECT caller, callee, peer, third_party FROM hit
    QUALIFY row_number() OVER (ORDER BY errors DESC, count DESC, caller, callee, peer, third_party) <= {{half}}
        OR row_number() OVER (ORDER BY count DESC, errors DESC, caller, callee, peer, third_party) <= {{half}}
)
SELECT e.caller, e.callee, e.peer, e.third_party, (e.started - {{from}}) // {{step}} AS nr,
    e.count, e.errors, e.latency
FROM (SELECT * FROM edges WHERE {{filter}} AND started >= {{from}} AND started < {{to}}) e JOIN top t ON t.caller = e.caller AND t.callee = e.callee AND t.peer = e.peer AND t.third_party = e.third_party
ORDER BY e.caller, e.callee, e.peer, e.third_party, nr
