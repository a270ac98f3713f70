-- What archives outside say of our versions. Nothing else in the store refers to it or depends on it.

-- An archive: how far its captures were asked about, and until when it is left alone.
CREATE TABLE archives (
    -- Its host.
    archive TEXT COLLATE "C" PRIMARY KEY,
    -- The last of our captures whose version it is to be asked about.
    capture_id BIGINT NOT NULL,
    -- Failures in a row.
    failures BIGINT NOT NULL,
    rest_until_ms BIGINT NOT NULL,
    -- Why it rests.
    reason TEXT
);

-- The capture of an archive nearest to a version's first sight.
CREATE TABLE witnesses (
    document_id BIGINT NOT NULL REFERENCES documents (id),
    version BIGINT NOT NULL,
    archive TEXT COLLATE "C" NOT NULL,
    -- When it last answered; null: it has not yet.
    asked_ms BIGINT,
    -- Answers so far.
    answers BIGINT NOT NULL,
    -- When to ask; null: not any more. Versions that were never asked about have their negated first sight here: the latest is the first.
    again_ms BIGINT,
    -- The capture; null: it has none.
    url TEXT,
    at_ms BIGINT,
    -- Why it will not say.
    reason TEXT,
    PRIMARY KEY (document_id, version, archive)
) /*WITHOUT ROWID*/;
CREATE INDEX witnesses_again ON witnesses (archive, again_ms) WHERE again_ms IS NOT NULL;

-- Versions whose page was, or is to be, submitted to an archive.
CREATE TABLE submissions (
    document_id BIGINT NOT NULL REFERENCES documents (id),
    version BIGINT NOT NULL,
    archive TEXT COLLATE "C" NOT NULL,
    -- The archive's name of the job that is under way; null: none is.
    job TEXT,
    -- When it was last submitted.
    submitted_ms BIGINT,
    attempts BIGINT NOT NULL,
    -- When to look at the job, or to submit again; null: it is over.
    again_ms BIGINT,
    -- The capture that was made.
    url TEXT,
    at_ms BIGINT,
    -- Why there is none.
    reason TEXT,
    PRIMARY KEY (document_id, version, archive)
) /*WITHOUT ROWID*/;
CREATE INDEX submissions_again ON submissions (archive, again_ms) WHERE again_ms IS NOT NULL;
