SELECT who AS customer, scope, ended
FROM {{successes}}
WHERE who IS NOT NULL
