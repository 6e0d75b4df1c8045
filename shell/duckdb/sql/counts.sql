-- Interactions in scope by outcome, and how many each of them stands for.
SELECT outcome, weight, count(*) AS n
FROM interactions
WHERE {{filter}}
GROUP BY outcome, weight
