-- The newest interactions of one customer in a window.
SELECT id, ended
FROM {{hits}}
WHERE who = {{customer}}
ORDER BY ended DESC, id DESC
LIMIT {{limit}}
