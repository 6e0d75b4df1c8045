-- Traces of failed and degraded interactions, and of a share of the others. 3 is failed,
-- 2 degraded, 0 says that it is of the share only.
SELECT trace, min(started), max(if(outcome IN (2, 3), outcome, 0)) AS why
FROM interactions
WHERE known > {{after}} AND known <= {{upto}} AND trace <> '00000000-0000-0000-0000-000000000000'::UUID
    AND scope IN (SELECT id FROM scopes WHERE traffic <> 2)
    AND (outcome IN (2, 3) OR {{sample}})
GROUP BY trace
ORDER BY min(started), trace
