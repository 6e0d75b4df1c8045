-- How many interactions the buckets of one width account for, and up to which tick.
SELECT
    count(*),
    coalesce(sum(success + degraded + failed + abandoned + cancelled + open), 0)::BIGINT,
    coalesce(max(known), 0)
FROM buckets
WHERE {{buckets}}
