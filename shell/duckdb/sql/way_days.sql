SELECT
    day, env, app, customer, account, journey, kind, first_seen, last_seen, sessions, tries,
    success, degraded, failed, abandoned, cancelled, open,
    recovered, retries, friction_points, value_minor, platform, region, plan, level
FROM customer_days
WHERE env = $env AND customer IN ({{names}})
ORDER BY day DESC, journey, kind, app, customer
