SELECT abandoned_how, count(*) FROM interactions WHERE {{filter}} AND outcome = 4 GROUP BY abandoned_how
