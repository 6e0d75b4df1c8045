-- Of an incident and a customer, the newest written stands.
DELETE FROM incident_customers c USING new_cohort n
    WHERE c.incident = n.incident AND c.customer IS NOT DISTINCT FROM n.customer;
INSERT INTO incident_customers
    SELECT incident, customer, account, first_hit, last_hit, failed, degraded, recovered_at, value_minor FROM new_cohort
    QUALIFY row_number() OVER (PARTITION BY incident, customer ORDER BY nr DESC) = 1
    ORDER BY first_hit;
DELETE FROM new_cohort;
