-- One line for each scope with interactions in the window.
SELECT
    scope,
    count(*) FILTER (outcome = 1), count(*) FILTER (outcome = 2), count(*) FILTER (outcome = 3),
    count(*) FILTER (outcome = 4), count(*) FILTER (outcome = 5), count(*) FILTER (outcome = 0),
    count(DISTINCT customer) FILTER (outcome BETWEEN 1 AND 4),
    count(DISTINCT customer) FILTER (outcome = 3),
    count(DISTINCT customer) FILTER (outcome = 2),
    count(DISTINCT session) FILTER (outcome BETWEEN 1 AND 4),
    count(DISTINCT session) FILTER (outcome = 3),
    count(DISTINCT session) FILTER (outcome = 2)
FROM interactions
WHERE {{filter}}
GROUP BY scope
