-- As operation_lines.sql.
WITH hit AS (
    SELECT caller, callee, peer, third_party, sum(errors) AS errors, sum(count) AS count
    FROM edges WHERE {{filter}} AND started >= {{from}} AND started < {{to}} GROUP BY ALL
)
SELECT caller, callee, peer, third_party FROM hit
QUALIFY row_number() OVER (ORDER BY errors DESC, count DESC, caller, callee, peer, third_party) <= {{half}}
    OR row_number() OVER (ORDER BY count DESC, errors DESC, caller, callee, peer, third_party) <= {{half}}
