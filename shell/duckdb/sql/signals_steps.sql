-- A value belongs to the step that ends with it or later.
SELECT kind, app, name, {{from}} + (happened - 1 - {{from}}) // {{step}} * {{step}} AS start,
    avg(value), min(value), max(value), count(*)
FROM signals
WHERE env = $env AND journey = $journey AND ($app = '' OR app IN ('', $app)) AND happened > {{from}} AND happened <= {{to}}
GROUP BY kind, app, name, start
ORDER BY kind, app, name, start
