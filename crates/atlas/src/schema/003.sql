-- What became of records when documents were analysed again by a later reader. A withdrawn provision has no row any more: this one
-- answers for it, and its ID is given to no other.
CREATE TABLE revisions (
    id BIGINT PRIMARY KEY,
    document_id BIGINT NOT NULL REFERENCES documents (id),
    -- One of the two.
    provision_id BIGINT,
    change_id BIGINT,
    kind BIGINT NOT NULL,
    -- Of a provision.
    lineage BIGINT,
    clause_type TEXT COLLATE "C",
    excerpt TEXT,
    differences TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    analyser TEXT NOT NULL,
    -- Of a provision that was there before.
    previous TEXT
);
CREATE INDEX revisions_of_document ON revisions (document_id, id);
CREATE INDEX revisions_of_provision ON revisions (provision_id, id);
