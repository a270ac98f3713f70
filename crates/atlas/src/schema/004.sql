-- What an attached language model answered, by what it was asked about, so that no text is asked about twice. None of it is part of the
-- record: the table can be emptied at any time.
CREATE TABLE answers (
    -- What was asked about: a clause or a change.
    subject BIGINT NOT NULL,
    -- SHA-256 of the clause's words, or of the newer text.
    words_sha256 BYTEA NOT NULL,
    -- SHA-256 of the words that introduce the clause, or of the older text; empty where there are none.
    beside_sha256 BYTEA NOT NULL,
    model TEXT COLLATE "C" NOT NULL,
    prompt TEXT COLLATE "C" NOT NULL,
    asked_ms BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    -- Nobody asks before; null once it is settled. Without a reason, the question is under way.
    again_ms BIGINT,
    answer TEXT,
    reason TEXT,
    PRIMARY KEY (subject, words_sha256, beside_sha256, model, prompt)
) /*WITHOUT ROWID*/;

-- How many questions were asked on a day (days since 1970, UTC): what a day may cost is bounded over all processes.
CREATE TABLE questions (
    day BIGINT PRIMARY KEY,
    asked BIGINT NOT NULL
);
