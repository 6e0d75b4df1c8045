-- The spans of one trace, in order of start; of those with one id the first that came.
SELECT id, parent, env, service, release, name, kind, status, message,
    started, ended, interaction, attributes, resource, events, links
FROM spans
WHERE {{filter}} AND started BETWEEN {{first}} AND {{last}}
QUALIFY row_number() OVER (PARTITION BY id ORDER BY rowid) = 1
ORDER BY started, id
