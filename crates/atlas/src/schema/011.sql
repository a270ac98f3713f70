-- What editors judged of provisions and of the verdicts on changes. No row is ever altered or removed: the latest judgement of a record
-- stands, and taking one back is a judgement too.
INSERT INTO numbers (name, last) VALUES ('judgements', 0);
CREATE TABLE judgements (
    id BIGINT PRIMARY KEY,
    document_id BIGINT NOT NULL REFERENCES documents (id),
    -- One of the two.
    provision_id BIGINT,
    change_id BIGINT,
    ruling BIGINT NOT NULL,
    -- What stands in place of what the reader found; no clause type: the clause states none.
    clause_type TEXT COLLATE "C",
    severity BIGINT,
    materiality BIGINT,
    headline TEXT,
    reason TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    -- What the reader had found when it was judged, as JSON; of it, the severity (-1: it does not find it) or
    -- verdict, and a provision's words.
    found TEXT NOT NULL,
    level BIGINT NOT NULL,
    words TEXT
);
CREATE INDEX judgements_of_document ON judgements (document_id, id);
CREATE INDEX judgements_of_provision ON judgements (provision_id, id);
CREATE INDEX judgements_of_change ON judgements (change_id, id);

-- What is shown of a provision: what the reader found, or what an editor put in its place; no type: it is not shown.
ALTER TABLE provisions ADD COLUMN shown_type TEXT COLLATE "C";
ALTER TABLE provisions ADD COLUMN shown_severity BIGINT NOT NULL DEFAULT 0;
UPDATE provisions SET shown_type = clause_type, shown_severity = severity;
-- Counts, rarity and lists by type are answered from this index alone.
DROP INDEX provisions_of_type;
CREATE INDEX provisions_of_type
    ON provisions (shown_type, platform_id, removed_version, shown_severity, first_seen_ms, first_version);
-- Severe provisions of which the reader is not sure: what an editor looks at first.
CREATE INDEX provisions_unsure ON provisions (shown_severity DESC, score)
    WHERE confidence = 1 AND shown_severity >= 2 AND removed_version IS NULL AND shown_type IS NOT NULL;

-- An editor's verdict on a change, with its reason, in place of the reader's; null: the reader's.
ALTER TABLE changes ADD COLUMN editor_materiality BIGINT;
ALTER TABLE changes ADD COLUMN editor_reason TEXT;
ALTER TABLE changes ADD COLUMN editor_headline TEXT;
