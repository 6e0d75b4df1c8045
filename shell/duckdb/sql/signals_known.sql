SELECT service, metric, attributes, layer, happened, started, known, value, histogram, temporality, unit, bound,
    app, journey, name, kind, statistic, n, threshold, has_threshold, has_bound, direction, env
FROM signals
WHERE known > {{after}} AND known <= {{up_to}}
ORDER BY known, env, app, journey, kind, name
