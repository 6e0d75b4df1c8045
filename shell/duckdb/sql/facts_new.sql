-- Of a customer or an account, a key and a time, the newest written stands.
DELETE FROM customer_facts f USING new_facts n
    WHERE f.key = n.key AND f.valid_from = n.valid_from
        AND f.customer IS NOT DISTINCT FROM n.customer AND f.account IS NOT DISTINCT FROM n.account;
INSERT INTO customer_facts
    SELECT customer, account, key, value, valid_from FROM new_facts
    QUALIFY row_number() OVER (PARTITION BY customer, account, key, valid_from ORDER BY nr DESC) = 1;
DELETE FROM new_facts;
