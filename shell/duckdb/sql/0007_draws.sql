-- By which draw an interaction was sampled; NULL: not sampled, or for itself, as all before.
ALTER TABLE interactions ADD COLUMN draw BIGINT;
