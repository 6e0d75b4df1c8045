-- Interactions that no bucket accounts for: at the edges of the window, and the newest.
SELECT {{columns}}
FROM interactions
WHERE {{filter}} AND (ended < {{inner_from}} OR ended >= {{inner_to}} OR known > {{known}})
