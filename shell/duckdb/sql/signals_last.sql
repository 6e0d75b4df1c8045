-- The newest value of each signal up to the window's end.
SELECT service, metric, attributes, layer, happened, started, known, value, histogram, temporality, unit, bound,
    app, journey, name, kind, statistic, n, threshold, has_threshold, has_bound, direction
FROM signals
WHERE env = $env AND journey = $journey AND ($app = '' OR app IN ('', $app)) AND happened <= {{to}}
QUALIFY row_number() OVER (PARTITION BY kind, app, name ORDER BY happened DESC, known DESC) = 1
ORDER BY kind, app, name
