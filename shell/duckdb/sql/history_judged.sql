-- Interactions as they were judged, of all traffic. One that was never replaced stands in its own
-- row; so does one that had no outcome before its newest version.
SELECT id, known, scope, journey, step, ended, outcome, abandoned_how, duration, customer, service, release, segments
FROM interactions
WHERE known > {{after}} AND known <= {{up_to}} AND outcome > 0 AND version = 1
UNION ALL
SELECT id, known, scope, journey, step, ended, outcome, abandoned_how, duration, customer, service, release, segments
FROM interactions i
WHERE known > {{after}} AND known <= {{up_to}} AND outcome > 0 AND version > 1
    AND NOT EXISTS (SELECT 1 FROM first_tries f WHERE f.id = i.id)
UNION ALL
SELECT id, known, scope, journey, step, ended, outcome, abandoned_how, duration, customer, service, release, segments
FROM first_tries
WHERE known > {{after}} AND known <= {{up_to}}
