-- How many journeys completed two steps, of all pairs. Journeys that completed the same steps
-- are counted first, so that few are multiplied.
SELECT a, b, sum(n)::BIGINT
FROM (
    SELECT a, unnest(done) AS b, n
    FROM (
        SELECT done, unnest(done) AS a, n
        FROM (
            SELECT done, count(*) AS n
            FROM (
                SELECT list_sort(list_distinct(list_transform(
                    list_filter(steps, lambda s: s.tries > 0 AND s.outcome BETWEEN 1 AND 2), lambda s: s.name))) AS done
                FROM interactions WHERE {{filter}}
            )
            GROUP BY done
        )
    )
)
GROUP BY a, b
