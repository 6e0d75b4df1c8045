-- The first with an id stands.
INSERT INTO business_events
    SELECT id, happened, kind, customer, account, journey, amount_minor, currency, category
    FROM new_events n
    WHERE NOT EXISTS (SELECT 1 FROM business_events b WHERE b.id = n.id)
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY nr) = 1;
DELETE FROM new_events;
