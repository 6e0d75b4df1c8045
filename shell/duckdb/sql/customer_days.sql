-- What each customer did with each thing on one day. A failure recovered when the same thing
-- succeeded within the recovery window, also on the next day.
INSERT INTO customer_days
WITH i AS MATERIALIZED (
    SELECT scope, id, started, ended, outcome, customer, nullif(level, 0) AS level, account, session, retries, value_minor, segments
    FROM interactions
    WHERE ended >= {{from}} AND ended <= {{to}} + {{recovery}} AND customer IS NOT NULL AND {{in}} AND {{part}}
), recovered AS (
    SELECT f.scope, f.customer, count(*) AS n
    FROM (SELECT scope, customer, ended FROM i WHERE outcome = 3 AND ended < {{to}}) f
    ASOF JOIN (SELECT scope, customer, ended FROM i WHERE outcome BETWEEN 1 AND 2) s
        ON s.scope = f.scope AND s.customer = f.customer AND s.ended > f.ended
    WHERE s.ended <= f.ended + {{recovery}}
    GROUP BY f.scope, f.customer
), day AS (
    SELECT scope, customer,
        arg_max(account, row(ended, id)) AS account,
        min(started) AS first_seen, max(ended) AS last_seen,
        count(DISTINCT session) AS sessions, count(*) AS tries,
        count(*) FILTER (outcome = 1) AS n1, count(*) FILTER (outcome = 2) AS n2, count(*) FILTER (outcome = 3) AS n3,
        count(*) FILTER (outcome = 4) AS n4, count(*) FILTER (outcome = 5) AS n5, count(*) FILTER (outcome = 0) AS n0,
        sum(retries)::BIGINT AS retries,
        coalesce(sum(value_minor) FILTER (outcome BETWEEN 1 AND 2), 0)::BIGINT AS value_minor,
        arg_max(nullif(split_part(split_part(segments, chr(31) || 'platform' || chr(30), 2), chr(31), 1), ''), row(ended, id)) AS platform,
        arg_max(nullif(split_part(split_part(segments, chr(31) || 'region' || chr(30), 2), chr(31), 1), ''), row(ended, id)) AS region,
        arg_max(nullif(split_part(split_part(segments, chr(31) || 'plan' || chr(30), 2), chr(31), 1), ''), row(ended, id)) AS plan,
        coalesce(min(level), 0) AS level
    FROM i WHERE ended < {{to}}
    GROUP BY scope, customer
)
SELECT {{from}}, s.env, d.customer, d.account, s.name,
    d.first_seen, d.last_seen, d.sessions, d.tries,
    d.n1, d.n2, d.n3, d.n4, d.n5, d.n0,
    coalesce(r.n, 0), d.retries, 0, d.value_minor,
    {{text platform}}, {{text region}}, {{text plan}}, d.level, s.app, s.kind
FROM day d
JOIN scopes s ON s.id = d.scope
LEFT JOIN recovered r ON r.scope = d.scope AND r.customer = d.customer
