SELECT j.known // {{width}} * {{width}} AS since, count(*)
FROM ({{judged}}) j JOIN scopes s ON s.id = j.scope AND s.traffic = {{traffic}}
GROUP BY since ORDER BY since
