-- The window in steps, split by a segment or not.
SELECT
    (ended - {{from}}) // {{step}} AS step_number,
    {{by}} AS split_value,
    count(*) FILTER (outcome = 1), count(*) FILTER (outcome = 2), count(*) FILTER (outcome = 3),
    count(*) FILTER (outcome = 4), count(*) FILTER (outcome = 5), count(*) FILTER (outcome = 0),
    count(DISTINCT customer) FILTER (outcome BETWEEN 1 AND 4),
    count(DISTINCT customer) FILTER (outcome = 3),
    count(DISTINCT customer) FILTER (outcome = 2),
    count(DISTINCT session) FILTER (outcome BETWEEN 1 AND 4),
    count(DISTINCT session) FILTER (outcome = 3),
    count(DISTINCT session) FILTER (outcome = 2),
    quantile_disc(duration, 0.5) FILTER (outcome BETWEEN 1 AND 3),
    quantile_disc(duration, 0.95) FILTER (outcome BETWEEN 1 AND 3),
    quantile_disc(duration, 0.99) FILTER (outcome BETWEEN 1 AND 3)
FROM interactions
WHERE {{filter}}
GROUP BY step_number, split_value
