-- The steps of journeys, in no order: those in which a step was tried, by its outcome, and
-- how long it took to complete.
SELECT
    name,
    count(*) FILTER (outcome = 1) AS n1, count(*) FILTER (outcome = 2) AS n2, count(*) FILTER (outcome = 3) AS n3,
    count(*) FILTER (outcome = 4) AS n4, count(*) FILTER (outcome = 5) AS n5, count(*) FILTER (outcome = 0) AS n0,
    quantile_disc(took, 0.5) FILTER (outcome BETWEEN 1 AND 2),
    quantile_disc(took, 0.9) FILTER (outcome BETWEEN 1 AND 2),
    quantile_disc(took, 0.99) FILTER (outcome BETWEEN 1 AND 2)
FROM (
    SELECT s.name, if(s.tries > 0, s.outcome, NULL) AS outcome, s.ended - s.started AS took
    FROM (SELECT unnest(steps) AS s FROM interactions WHERE {{filter}})
)
GROUP BY name
ORDER BY name
