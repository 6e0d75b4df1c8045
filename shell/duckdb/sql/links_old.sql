-- Links of identities that have a better one: one to a stronger identity, then a newer one.
-- Of two of the same time the greater hash wins, so that the order of partitions does not
-- matter.
DELETE FROM links USING (
    SELECT env, from_level, from_hash, max(row(5 - to_level, since, to_hash)) AS best
    FROM link_rows
    WHERE from_hash IS NOT NULL AND to_hash IS NOT NULL AND to_level < from_level
    GROUP BY env, from_level, from_hash
) f
WHERE links.env = f.env AND links.from_level = f.from_level AND links.from_hash = f.from_hash
    AND row(5 - links.to_level, links.since, links.to_hash) < f.best
