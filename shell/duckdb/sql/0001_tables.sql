-- This file was released: never change it. What comes later is in the next one.

-- Times are nanoseconds since 1970, ticks are seconds since 1970, both UTC.
-- There are no indexes: interactions are found by time (zone maps), states are few.

CREATE TABLE scopes (
    id INTEGER, env VARCHAR, app VARCHAR, name VARCHAR,
    kind UTINYINT, traffic UTINYINT,
    last_end BIGINT -- of its newest interaction ever; written once a minute, see marks
);

CREATE TABLE interactions (
    id UUID, version INTEGER, known BIGINT, first_known BIGINT, first_outcome UTINYINT,
    scope INTEGER, journey VARCHAR, step VARCHAR,
    started BIGINT, ended BIGINT,
    outcome UTINYINT, client_outcome UTINYINT,
    reason VARCHAR, outcome_rule VARCHAR, rules_version BIGINT, error_class VARCHAR,
    recoverable BOOLEAN, retries INTEGER, duration BIGINT, visible BIGINT,
    phases BIGINT[], -- input, request, processing, paint; NULL when not measured
    weight DOUBLE,
    customer UUID, level UTINYINT, account UUID, installation UUID, session UUID, key_id UINTEGER,
    trace UUID, span UBIGINT, service VARCHAR, release VARCHAR,
    flags VARCHAR, segments VARCHAR,
    value_minor BIGINT, currency VARCHAR, steps VARCHAR, abandoned_how UTINYINT
);

CREATE TABLE buckets (
    scope INTEGER, segment_key VARCHAR, segment_value VARCHAR,
    started BIGINT, width INTEGER, known BIGINT,
    success BIGINT, degraded BIGINT, failed BIGINT, abandoned BIGINT, cancelled BIGINT, open BIGINT,
    adjusted DOUBLE[],   -- by number of outcome; NULL when equal to the counts
    value_minor BIGINT[], -- by number of outcome; NULL when there is none
    customers BLOB, sessions BLOB, accounts BLOB, latency BLOB -- four sketches each, see sketches.go
);

CREATE TABLE operations (
    env VARCHAR, service VARCHAR, operation VARCHAR, kind UTINYINT, release VARCHAR,
    started BIGINT, known BIGINT, count BIGINT, errors BIGINT, latency BLOB, self_time BIGINT
);

CREATE TABLE edges (
    env VARCHAR, caller VARCHAR, callee VARCHAR, peer VARCHAR, third_party BOOLEAN,
    started BIGINT, known BIGINT, count BIGINT, errors BIGINT, latency BLOB
);

CREATE TABLE signals (
    env VARCHAR, service VARCHAR, metric VARCHAR, attributes VARCHAR, layer UTINYINT,
    happened BIGINT, started BIGINT, known BIGINT, value DOUBLE, histogram BLOB,
    temporality UTINYINT, unit VARCHAR, bound DOUBLE
);

CREATE TABLE customer_days (
    day BIGINT, env VARCHAR, customer UUID, account UUID, journey VARCHAR,
    first_seen BIGINT, last_seen BIGINT, sessions BIGINT, tries BIGINT,
    success BIGINT, degraded BIGINT, failed BIGINT, abandoned BIGINT, cancelled BIGINT, open BIGINT,
    recovered BIGINT, retries BIGINT, friction_points BIGINT, value_minor BIGINT,
    platform VARCHAR, region VARCHAR, plan VARCHAR, level UTINYINT
);

CREATE TABLE incident_customers (
    incident VARCHAR, customer UUID, account UUID, first_hit BIGINT, last_hit BIGINT,
    failed BIGINT, degraded BIGINT, recovered_at BIGINT, value_minor BIGINT
);

CREATE TABLE business_events (
    id VARCHAR, happened BIGINT, kind VARCHAR, customer UUID, account UUID, journey VARCHAR,
    amount_minor BIGINT, currency VARCHAR, category VARCHAR
);

CREATE TABLE customer_facts (
    customer UUID, account UUID, key VARCHAR, value VARCHAR, valid_from BIGINT
);

CREATE TABLE commands (
    happened BIGINT, actor VARCHAR, via VARCHAR, what VARCHAR, target VARCHAR, reason VARCHAR,
    idempotency_key VARCHAR
);

-- Links are many and small: appended, and read through the view, where the newest wins.
CREATE TABLE link_rows (env VARCHAR, from_level UTINYINT, from_hash UUID, to_hash UUID, since BIGINT);

CREATE VIEW links AS
    SELECT env, from_level, from_hash, arg_max(to_hash, since) AS to_hash, max(since) AS since
    FROM link_rows GROUP BY env, from_level, from_hash;

CREATE TABLE findings (id VARCHAR, version BIGINT, env VARCHAR, app VARCHAR, name VARCHAR, body VARCHAR);

CREATE TABLE incidents (
    id VARCHAR, version BIGINT, env VARCHAR, app VARCHAR, status UTINYINT,
    score DOUBLE, opened BIGINT, body VARCHAR
);

CREATE TABLE changes (id VARCHAR, version BIGINT, env VARCHAR, app VARCHAR, started BIGINT, body VARCHAR);

-- What has been written: the last tick of each (engine, stage, partition), and the cursors.
CREATE TABLE ticks (engine USMALLINT, stage UTINYINT, part SMALLINT, tick BIGINT);

CREATE TABLE cursors (name VARCHAR, seq UBIGINT, tick BIGINT, snapshot VARCHAR, epoch UBIGINT);

-- forgotten: interactions that ended before this time are no longer all there.
-- scopes: the tick up to which scopes.last_end is right.
CREATE TABLE marks (what VARCHAR, value BIGINT);
INSERT INTO marks VALUES ('forgotten', 0), ('scopes', 0);
