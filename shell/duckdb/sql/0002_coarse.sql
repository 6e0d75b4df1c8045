-- Rows that the store makes itself, kept traces, and links with what they lead to.

-- Coarse buckets, and buckets of single segment values, are rows of table buckets too.
-- windows are the hours and days of which some are to be made: stale says that rows came
-- since; made is the end of time at which it was last done, 0 never.
CREATE TABLE windows (width INTEGER, started BIGINT, made BIGINT, stale BOOLEAN);

-- Segment values with rows of their own, for ever. full: the others are "other".
CREATE TABLE admitted (env VARCHAR, app VARCHAR, name VARCHAR, key VARCHAR, value VARCHAR, overflow BOOLEAN);

-- Rows of customer days carry their scope.
ALTER TABLE customer_days ADD COLUMN app VARCHAR DEFAULT '';
ALTER TABLE customer_days ADD COLUMN kind UTINYINT DEFAULT 0;

CREATE TABLE spans (
    trace UUID, id UBIGINT, parent UBIGINT, env VARCHAR, service VARCHAR, release VARCHAR,
    name VARCHAR, kind UTINYINT, status UTINYINT, message VARCHAR,
    started BIGINT, ended BIGINT, interaction VARCHAR,
    attributes VARCHAR, resource VARCHAR, events VARCHAR, links VARCHAR -- JSON; '' is none
);

-- When the spans of a trace began and ended, one row for each batch: a trace is looked
-- for here, among a tenth of the rows, and its spans and interactions by their time.
CREATE TABLE traces (trace UUID, first BIGINT, last BIGINT);

-- Business rows on their way: appended, and taken from there in the same transaction.
CREATE TABLE new_events (
    nr BIGINT, id VARCHAR, happened BIGINT, kind VARCHAR, customer UUID, account UUID, journey VARCHAR,
    amount_minor BIGINT, currency VARCHAR, category VARCHAR
);

CREATE TABLE new_facts (
    nr BIGINT, customer UUID, account UUID, key VARCHAR, value VARCHAR, valid_from BIGINT
);

-- A batch is known by stage and partition, whatever the version of the engine.
CREATE TABLE lines (stage UTINYINT, part SMALLINT, tick BIGINT);
INSERT INTO lines SELECT stage, part, max(tick) FROM ticks GROUP BY stage, part;
DROP TABLE ticks;
ALTER TABLE lines RENAME TO ticks;

-- Each of these is a time, aligned to its width: rows before it are not, or no longer, all
-- there. segments: the segment rows; days: customer days; bN: the buckets of N seconds (days go with hours).
INSERT INTO marks SELECT 'b10', coalesce((min(started) + 3599999999999) // 3600000000000 * 3600000000000, 0)
    FROM buckets WHERE width = 10 AND started > 0;
INSERT INTO marks SELECT 'b60', value FROM marks WHERE what = 'b10';
INSERT INTO marks SELECT 'b3600', value FROM marks WHERE what = 'b10';
INSERT INTO marks SELECT 'segments', (value + 3599999999999) // 3600000000000 * 3600000000000 FROM marks WHERE what = 'forgotten';
INSERT INTO marks SELECT 'days', (value + 86399999999999) // 86400000000000 * 86400000000000 FROM marks WHERE what = 'forgotten';
INSERT INTO windows SELECT DISTINCT 3600, started - started % 3600000000000, 0, true FROM (
    SELECT started FROM buckets UNION SELECT ended FROM interactions
);

-- Links, one for each weaker identity: the newest wins. customer and level are where it
-- leads in the end, over a pseudonym that is linked itself. Those of a write are appended
-- to link_rows, and taken from there in the same transaction.
DROP VIEW links;
CREATE TABLE links (
    env VARCHAR, from_level UTINYINT, from_hash UUID, to_level UTINYINT, to_hash UUID, since BIGINT,
    customer UUID, level UTINYINT
);
INSERT INTO links
    SELECT env, from_level, from_hash, 1, arg_max(to_hash, since), max(since), arg_max(to_hash, since), 1
    FROM link_rows WHERE from_hash IS NOT NULL AND to_hash IS NOT NULL AND from_level > 1
    GROUP BY env, from_level, from_hash;
DROP TABLE link_rows;
CREATE TABLE link_rows (
    env VARCHAR, from_level UTINYINT, from_hash UUID, to_level UTINYINT, to_hash UUID, since BIGINT
);

-- The steps of a journey; NULL for a step. The version before wrote none.
ALTER TABLE interactions ALTER COLUMN steps
    TYPE STRUCT(name VARCHAR, outcome UTINYINT, started BIGINT, ended BIGINT, tries INTEGER)[] USING NULL;
