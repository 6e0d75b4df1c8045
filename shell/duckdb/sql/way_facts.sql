SELECT customer, account, key, value, valid_from
FROM customer_facts
WHERE customer IN ({{names}})
ORDER BY key, valid_from DESC, value DESC, customer DESC, account DESC NULLS LAST
