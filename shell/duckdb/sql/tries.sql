-- Customers by the draws in which they were seen: of all decided tries, of the failed, of the degraded.
-- First a line for each with its customers, those with a draw that was not sampled, and of the others
-- those of one draw and of two; then lines with the draws of these others by the least weight of
-- their tries.
WITH hit AS (
    SELECT who, outcome, weight, draw FROM {{hits}} WHERE outcome BETWEEN 1 AND 4 AND who IS NOT NULL
), draws AS (
    SELECT who, min(weight) AS n, min(weight) FILTER (outcome = 3) AS f, min(weight) FILTER (outcome = 2) AS d
    FROM hit WHERE draw IS NOT NULL GROUP BY who, draw
    UNION ALL
    SELECT who, weight, CASE WHEN outcome = 3 THEN weight END, CASE WHEN outcome = 2 THEN weight END
    FROM hit WHERE draw IS NULL -- each for itself
), customers AS (
    SELECT who, count(n) AS n, count(f) AS f, count(d) AS d, min(n) > 1 AS n_unsure, min(f) > 1 AS f_unsure, min(d) > 1 AS d_unsure
    FROM draws GROUP BY who
)
SELECT 0, 0, count(*), count(*) FILTER (NOT n_unsure), count(*) FILTER (n_unsure AND n = 1), count(*) FILTER (n_unsure AND n = 2) FROM customers
UNION ALL
SELECT 1, 0, count(*), count(*) FILTER (NOT f_unsure), count(*) FILTER (f_unsure AND f = 1), count(*) FILTER (f_unsure AND f = 2) FROM customers WHERE f > 0
UNION ALL
SELECT 2, 0, count(*), count(*) FILTER (NOT d_unsure), count(*) FILTER (d_unsure AND d = 1), count(*) FILTER (d_unsure AND d = 2) FROM customers WHERE d > 0
UNION ALL SELECT 3, w.n, count(*), 0, 0, 0 FROM draws w JOIN customers c ON c.who = w.who AND c.n_unsure GROUP BY w.n
UNION ALL SELECT 4, w.f, count(*), 0, 0, 0 FROM draws w JOIN customers c ON c.who = w.who AND c.f_unsure WHERE w.f IS NOT NULL GROUP BY w.f
UNION ALL SELECT 5, w.d, count(*), 0, 0, 0 FROM draws w JOIN customers c ON c.who = w.who AND c.d_unsure WHERE w.d IS NOT NULL GROUP BY w.d
