-- Interactions in scope by outcome, and the greatest weight among them.
SELECT outcome, count(*) AS n, max(weight) AS weight
FROM interactions
WHERE {{filter}}
GROUP BY outcome
