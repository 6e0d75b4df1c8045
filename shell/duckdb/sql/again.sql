SELECT customer, scope, ended
FROM interactions
WHERE outcome BETWEEN 1 AND 2 AND customer IS NOT NULL AND scope IN ({{scopes}})
    AND ended >= {{after}} AND ended <= {{until}}
