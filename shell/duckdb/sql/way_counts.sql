-- What one customer did in a window: steps by outcome, everything, and the newest account.
SELECT
    count(*) FILTER (outcome = 1 AND NOT whole), count(*) FILTER (outcome = 2 AND NOT whole),
    count(*) FILTER (outcome = 3 AND NOT whole), count(*) FILTER (outcome = 4 AND NOT whole),
    count(*) FILTER (outcome = 5 AND NOT whole), count(*) FILTER (outcome = 0 AND NOT whole),
    arg_max(account, row(ended, id)) FILTER (account IS NOT NULL)
FROM (SELECT *, scope IN (SELECT id FROM scopes WHERE kind = 2) AS whole FROM {{hits}} WHERE who = {{customer}})
