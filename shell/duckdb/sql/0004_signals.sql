-- Rows of signals are values of a journey's signals and KPIs. Nothing wrote any before.
DROP TABLE signals;
CREATE TABLE signals (
    env VARCHAR, service VARCHAR, metric VARCHAR, attributes VARCHAR, layer UTINYINT,
    happened BIGINT, started BIGINT, known BIGINT, value DOUBLE, histogram BLOB,
    temporality UTINYINT, unit VARCHAR, bound DOUBLE,
    app VARCHAR, journey VARCHAR, name VARCHAR, kind UTINYINT, statistic VARCHAR, n DOUBLE,
    threshold DOUBLE, has_threshold BOOLEAN, has_bound BOOLEAN, direction VARCHAR
);
