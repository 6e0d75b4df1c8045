-- Interactions whose row was replaced or withdrawn, as they were in the first version that had an
-- outcome: as they were judged. Few; id, first_known as in table interactions.
CREATE TABLE first_tries (
    id UUID, first_known BIGINT, known BIGINT, scope INTEGER, journey VARCHAR, step VARCHAR,
    ended BIGINT, outcome UTINYINT, abandoned_how UTINYINT, duration BIGINT, customer UUID,
    service VARCHAR, release VARCHAR, segments VARCHAR
);

-- Of those replaced before there was this table, only when and with what outcome is known.
INSERT INTO first_tries SELECT id, first_known, first_known, scope, journey, step,
    ended, first_outcome, 0, duration, customer, service, release, segments
    FROM interactions WHERE version > 1 AND first_outcome > 0;
