-- One page of the customers with a failed or degraded interaction in scope, most failures
-- first, and what came of each one's last failure (0 none, 1 recovered, 2 lost, 3
-- undecided): see recovery.sql. Newest is by end, then id.
WITH hit AS {{copy}} (
    SELECT who, strength, id, scope, ended, outcome, account, value_minor, currency
    FROM {{hits}}
    WHERE outcome BETWEEN 1 AND 5 AND who IS NOT NULL
), page AS MATERIALIZED (
    SELECT
        who, min(nullif(strength, 0)) AS level, count(*) AS tries,
        count(*) FILTER (outcome = 3) AS failed, count(*) FILTER (outcome = 2) AS degraded,
        min(ended) FILTER (outcome BETWEEN 2 AND 3) AS first_hit, max(ended) FILTER (outcome BETWEEN 2 AND 3) AS last_hit,
        max(ended) FILTER (outcome = 3) AS failed_at
    FROM hit
    GROUP BY who
    HAVING last_hit IS NOT NULL AND {{page}}
    ORDER BY failed DESC, who
    LIMIT {{limit}}
), mine AS MATERIALIZED (
    SELECT h.*, h.outcome = 3 AND h.ended = p.failed_at AS last_failure
    FROM hit h JOIN page p ON p.who = h.who
), newest AS (
    SELECT
        who,
        arg_max(account, row(ended, id)) FILTER (account IS NOT NULL) AS account,
        arg_max(currency, row(ended, id)) FILTER (outcome = 3 AND currency <> '') AS currency
    FROM mine
    GROUP BY who
), money AS (
    SELECT m.who, sum(m.value_minor)::BIGINT AS value_minor
    FROM mine m JOIN newest n ON n.who = m.who AND n.currency = m.currency
    WHERE m.outcome = 3 AND m.scope IN ({{told}})
    GROUP BY m.who
), recovered AS (
    SELECT DISTINCT f.who
    FROM mine f
    JOIN {{successes}} i ON i.who = f.who AND i.scope = f.scope
    WHERE f.last_failure AND i.ended > f.ended AND i.ended <= f.ended + {{window}}
)
SELECT
    p.who, coalesce(p.level, 0), n.account, p.failed, p.degraded, p.tries, p.first_hit, p.last_hit,
    CASE WHEN p.failed_at IS NULL THEN 0 WHEN r.who IS NOT NULL THEN 1 WHEN p.failed_at <= {{asof}} - {{window}} THEN 2 ELSE 3 END,
    coalesce(m.value_minor, 0), coalesce(n.currency, '')
FROM page p
JOIN newest n ON n.who = p.who
LEFT JOIN money m ON m.who = p.who
LEFT JOIN recovered r ON r.who = p.who
ORDER BY p.failed DESC, p.who
