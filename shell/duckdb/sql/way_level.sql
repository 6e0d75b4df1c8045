-- Whether interactions are kept under a hash itself, and on which level.
SELECT count(*), coalesce(min(nullif(level, 0)), 0)
FROM interactions
WHERE {{filter}} AND customer = {{customer}}
