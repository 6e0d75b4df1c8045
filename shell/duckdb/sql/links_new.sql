-- The best link of each identity that has none now, leading where it says.
INSERT INTO links
SELECT f.env, f.from_level, f.from_hash, f.to_level, f.to_hash, f.since, f.to_hash, f.to_level
FROM (
    SELECT *
    FROM link_rows
    WHERE from_hash IS NOT NULL AND to_hash IS NOT NULL AND to_level < from_level
    QUALIFY row_number() OVER (PARTITION BY env, from_level, from_hash ORDER BY to_level, since DESC, to_hash DESC) = 1
) f
ANTI JOIN links l ON l.env = f.env AND l.from_level = f.from_level AND l.from_hash = f.from_hash
