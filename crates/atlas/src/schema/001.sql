-- The schema, written for PostgreSQL. For SQLite, schema.rs replaces type names and the marks in comments; see there.
-- Times are milliseconds since 1970 UTC. JSON is text. Row numbers are given out in order by the atlas.

-- Facts about this store: schema, the log's name and key, import cursors.
CREATE TABLE settings (
    key TEXT COLLATE "C" PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE platforms (
    id BIGINT PRIMARY KEY,
    slug TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    homepage TEXT,
    sector TEXT,
    country TEXT
);

CREATE TABLE documents (
    id BIGINT PRIMARY KEY,
    platform_id BIGINT NOT NULL REFERENCES platforms (id),
    kind TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    urls TEXT NOT NULL,
    language TEXT,
    content_select TEXT NOT NULL,
    content_remove TEXT NOT NULL,
    first_tracked_ms BIGINT,
    last_changed_ms BIGINT,
    last_verified_ms BIGINT,
    versions BIGINT NOT NULL,
    -- The store's generation when the document last changed: a search index that knows an earlier one reads it again.
    generation BIGINT NOT NULL,
    UNIQUE (platform_id, kind, title)
);

-- Tracking jobs: one for each document.
CREATE TABLE checks (
    document_id BIGINT PRIMARY KEY REFERENCES documents (id),
    next_due_ms BIGINT NOT NULL,
    lease_until_ms BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    last_checked_ms BIGINT,
    last_error TEXT,
    etag TEXT,
    last_modified TEXT
);

-- Bytes by their SHA-256, compressed against the blob `base`.
CREATE TABLE blobs (
    sha256 BYTEA PRIMARY KEY,
    base BYTEA,
    depth BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    data BYTEA NOT NULL
);

CREATE TABLE captures (
    id BIGINT PRIMARY KEY,
    document_id BIGINT NOT NULL REFERENCES documents (id),
    -- The version that it showed.
    version BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    url TEXT,
    status BIGINT NOT NULL,
    headers TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    bytes BIGINT NOT NULL,
    origin TEXT,
    log_index BIGINT NOT NULL
);
CREATE INDEX captures_of_document ON captures (document_id, id);

CREATE TABLE versions (
    document_id BIGINT NOT NULL REFERENCES documents (id),
    number BIGINT NOT NULL,
    text_sha256 BYTEA NOT NULL,
    text_bytes BIGINT NOT NULL,
    words BIGINT NOT NULL,
    clauses BIGINT NOT NULL,
    first_seen_ms BIGINT NOT NULL,
    last_verified_ms BIGINT NOT NULL,
    stated_updated TEXT,
    stated_effective TEXT,
    capture_id BIGINT NOT NULL,
    lineages BYTEA NOT NULL,
    PRIMARY KEY (document_id, number)
) /*WITHOUT ROWID*/;

CREATE TABLE wordings (
    document_id BIGINT NOT NULL REFERENCES documents (id),
    lineage BIGINT NOT NULL,
    from_version BIGINT NOT NULL,
    to_version BIGINT,
    range_start BIGINT NOT NULL,
    range_end BIGINT NOT NULL,
    words_sha256 BYTEA NOT NULL,
    PRIMARY KEY (document_id, lineage, from_version)
) /*WITHOUT ROWID*/;

CREATE TABLE provisions (
    id BIGINT PRIMARY KEY,
    document_id BIGINT NOT NULL REFERENCES documents (id),
    platform_id BIGINT NOT NULL REFERENCES platforms (id),
    lineage BIGINT NOT NULL,
    clause_type TEXT COLLATE "C" NOT NULL,
    first_version BIGINT NOT NULL,
    last_version BIGINT NOT NULL,
    removed_version BIGINT,
    first_seen_ms BIGINT NOT NULL,
    last_changed_ms BIGINT NOT NULL,
    range_start BIGINT NOT NULL,
    range_end BIGINT NOT NULL,
    excerpt TEXT NOT NULL,
    heading TEXT NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    confidence BIGINT NOT NULL,
    severity BIGINT NOT NULL,
    reasons TEXT NOT NULL,
    explicitness BIGINT NOT NULL,
    facts TEXT NOT NULL,
    analysed_ms BIGINT NOT NULL,
    analyser TEXT NOT NULL,
    UNIQUE (document_id, lineage, clause_type)
);
-- Counts, rarity and lists by type are answered from this index alone.
CREATE INDEX provisions_of_type
    ON provisions (clause_type, platform_id, removed_version, severity, first_seen_ms, first_version);

CREATE TABLE provision_events (
    document_id BIGINT NOT NULL REFERENCES documents (id),
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    provision_id BIGINT NOT NULL REFERENCES provisions (id),
    kind BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (document_id, version, seq)
) /*WITHOUT ROWID*/;
CREATE INDEX events_of_provision ON provision_events (provision_id);

CREATE TABLE changes (
    id BIGINT PRIMARY KEY,
    document_id BIGINT NOT NULL REFERENCES documents (id),
    platform_id BIGINT NOT NULL REFERENCES platforms (id),
    from_version BIGINT NOT NULL,
    to_version BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    materiality BIGINT NOT NULL,
    reason TEXT NOT NULL,
    added BIGINT NOT NULL,
    removed BIGINT NOT NULL,
    reworded BIGINT NOT NULL,
    moved BIGINT NOT NULL,
    headline TEXT NOT NULL,
    UNIQUE (document_id, to_version)
);
CREATE INDEX changes_by_time ON changes (at_ms, id);
CREATE INDEX changes_of_platform ON changes (platform_id, at_ms, id);

-- The transparency log. `position` is the place of a node in the sequence of all nodes (archive::log::stored_hash_index).
CREATE TABLE log_hashes (
    position BIGINT PRIMARY KEY,
    hash BYTEA NOT NULL
);

CREATE TABLE log_entries (
    log_index BIGINT PRIMARY KEY,
    capture_id BIGINT NOT NULL REFERENCES captures (id),
    entry BYTEA NOT NULL
);

-- One row: the head of the log, and a number that grows with every write that readers should notice.
CREATE TABLE log_head (
    id BIGINT PRIMARY KEY,
    size BIGINT NOT NULL,
    checkpoint TEXT NOT NULL,
    generation BIGINT NOT NULL
);
