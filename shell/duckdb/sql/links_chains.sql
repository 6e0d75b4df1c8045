-- Links that lead to something that is linked itself lead on, once.
UPDATE links SET customer = b.to_hash, level = b.to_level
FROM links b
WHERE links.to_level > 1 AND b.env = links.env AND b.from_level = links.to_level AND b.from_hash = links.to_hash
    AND links.customer IS DISTINCT FROM b.to_hash
