-- When it was settled that a page had changed; null while a change of a live page was seen only once. Those recorded before were told.
ALTER TABLE changes ADD COLUMN confirmed_ms BIGINT;
UPDATE changes SET confirmed_ms = at_ms;
-- They are few.
CREATE INDEX changes_unconfirmed ON changes (document_id) WHERE confirmed_ms IS NULL;

-- Looks in a row that showed something new: the next one asks for a fresh page, soon.
ALTER TABLE checks ADD COLUMN looks BIGINT NOT NULL DEFAULT 0;
-- Time between checks, which follows how often the document changes.
ALTER TABLE checks ADD COLUMN interval_ms BIGINT NOT NULL DEFAULT 86400000;
-- Of what kind the failure is that `last_error` tells of.
ALTER TABLE checks ADD COLUMN failure BIGINT;
-- Where the page says that it has moved for good.
ALTER TABLE checks ADD COLUMN moved_to TEXT;

-- How many checks came to what in each hour since 1970 (UTC).
CREATE TABLE check_hours (
    hour BIGINT NOT NULL,
    outcome BIGINT NOT NULL,
    checks BIGINT NOT NULL,
    PRIMARY KEY (hour, outcome)
) /*WITHOUT ROWID*/;
