-- What findings are asked by.
ALTER TABLE findings ADD COLUMN opened BIGINT;
ALTER TABLE findings ADD COLUMN ended BIGINT;
ALTER TABLE findings ADD COLUMN kind VARCHAR;
ALTER TABLE findings ADD COLUMN paging BOOLEAN;
ALTER TABLE findings ADD COLUMN of UTINYINT;
UPDATE findings SET opened = (body ->> '$.Opened')::BIGINT, ended = (body ->> '$.Ended')::BIGINT,
  kind = coalesce(nullif(body ->> '$.Kind', ''), 'failed'), paging = true,
  of = (body ->> '$.Series.Kind')::UTINYINT;
