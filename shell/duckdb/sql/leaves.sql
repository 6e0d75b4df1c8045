-- Tries by all by which they can be told apart; what is over the limit is summed up.
WITH leaf AS (
    SELECT service, release, flags, segments, count(*) AS tries,
        count(*) FILTER (outcome = 1) AS n1, count(*) FILTER (outcome = 2) AS n2, count(*) FILTER (outcome = 3) AS n3,
        count(*) FILTER (outcome = 4) AS n4, count(*) FILTER (outcome = 5) AS n5, count(*) FILTER (outcome = 0) AS n0,
        count(*) FILTER (outcome IN (1, 2) AND duration > {{slower}}) AS slow,
        count(DISTINCT customer) FILTER (outcome = 3) AS failed, count(DISTINCT customer) FILTER (outcome = 2) AS degraded,
        min(ended) AS first
    FROM interactions WHERE {{filter}} GROUP BY service, release, flags, segments
), ranked AS (
    SELECT *, row_number() OVER (ORDER BY tries DESC, service, release, flags, segments) AS nr FROM leaf
), bounded AS (
    SELECT * FROM ranked WHERE nr <= {{limit}}
    UNION ALL
    SELECT '', '', '', '', sum(tries), sum(n1), sum(n2), sum(n3), sum(n4), sum(n5), sum(n0),
        sum(slow), sum(failed), sum(degraded), min(first), {{limit}} + 1
    FROM ranked WHERE nr > {{limit}} HAVING count(*) > 0
)
SELECT service, release, flags, segments, n1::BIGINT, n2::BIGINT, n3::BIGINT, n4::BIGINT, n5::BIGINT, n0::BIGINT,
    slow::BIGINT, failed::BIGINT, degraded::BIGINT, first, nr > {{limit}}
FROM bounded ORDER BY nr
