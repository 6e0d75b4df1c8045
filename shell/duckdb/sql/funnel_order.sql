-- The steps of the newest journey, in order.
SELECT unnest(list_transform(steps, lambda s: s.name))
FROM (SELECT steps FROM interactions WHERE {{filter}} ORDER BY ended DESC, id DESC LIMIT 1)
