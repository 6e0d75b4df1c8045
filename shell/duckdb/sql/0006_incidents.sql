-- What else a command needs, as a JSON object; "" for nothing.
ALTER TABLE commands ADD COLUMN args VARCHAR DEFAULT '';

-- What a write brings is taken from here, in order: the last of an incident and a customer stands.
CREATE TABLE new_cohort (
    nr BIGINT, incident VARCHAR, customer UUID, account UUID, first_hit BIGINT, last_hit BIGINT,
    failed BIGINT, degraded BIGINT, recovered_at BIGINT, value_minor BIGINT
);
