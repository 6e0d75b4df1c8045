-- As operation_points.sql.
SELECT e.caller, e.callee, e.peer, e.third_party, (e.started - {{from}}) // {{step}} AS nr,
    e.count, e.errors, e.latency
FROM (SELECT * FROM edges WHERE {{filter}} AND started >= {{from}} AND started < {{to}}) e
JOIN (VALUES {{lines}}) t(caller, callee, peer, third_party)
    ON t.caller = e.caller AND t.callee = e.callee AND t.peer = e.peer AND t.third_party::BOOLEAN = e.third_party
ORDER BY e.caller, e.callee, e.peer, e.third_party, nr
