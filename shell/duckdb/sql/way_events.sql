SELECT id, happened, kind, customer, account, journey, amount_minor, currency, category
FROM business_events
WHERE customer IN ({{names}})
ORDER BY happened DESC, id
