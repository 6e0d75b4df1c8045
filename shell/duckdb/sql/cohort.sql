SELECT incident, customer, account, first_hit, last_hit, failed, degraded, recovered_at, value_minor
FROM incident_customers
WHERE incident = $incident AND {{page}}
ORDER BY first_hit, customer NULLS FIRST
LIMIT {{limit}}
