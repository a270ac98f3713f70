-- Who asked to be told of what, what there is to tell, and what became of telling it.

-- The last number given out for rows of each table. A number is given out once, also if its row is gone: tokens name rows.
CREATE TABLE numbers (
    name TEXT COLLATE "C" PRIMARY KEY,
    last BIGINT NOT NULL
);
INSERT INTO numbers (name, last) VALUES
    ('persons', 1), ('channels', 1), ('watches', 0), ('news', 0), ('stories', 0), ('messages', 0);

CREATE TABLE persons (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    -- IANA name, for the hours of digests.
    zone TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    -- Secret of the read-only page of the watchlist, while there is one.
    share BYTEA
);
-- The owner of the instance, who needs no account.
INSERT INTO persons (id, name, zone, made_ms) VALUES (1, '', 'UTC', 0);

-- Where a person is told.
CREATE TABLE channels (
    id BIGINT PRIMARY KEY,
    person_id BIGINT NOT NULL REFERENCES persons (id),
    kind BIGINT NOT NULL,
    state BIGINT NOT NULL,
    -- Mail address or web address; empty for the inbox and the feed.
    address TEXT COLLATE "C" NOT NULL,
    template BIGINT NOT NULL,
    -- Signs webhooks and the tokens in messages, opens the feed; the inbox has none.
    secret BYTEA,
    made_ms BIGINT NOT NULL,
    -- Why it is out of use, if that was not the person's wish.
    trouble TEXT,
    -- Nothing is sent before: the receiver asked for a pause.
    hold_ms BIGINT NOT NULL,
    UNIQUE (person_id, kind, address)
);
INSERT INTO channels (id, person_id, kind, state, address, template, made_ms, hold_ms) VALUES (1, 1, 0, 1, '', 0, 0, 0);

CREATE TABLE watches (
    id BIGINT PRIMARY KEY,
    person_id BIGINT NOT NULL REFERENCES persons (id),
    kind BIGINT NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    least BIGINT NOT NULL,
    severity BIGINT,
    stricter BIGINT NOT NULL,
    cadence BIGINT NOT NULL,
    weekday BIGINT NOT NULL,
    hour BIGINT NOT NULL,
    -- JSON list of channel numbers; null: all that the person has.
    channels TEXT,
    note TEXT NOT NULL,
    tags TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    UNIQUE (person_id, kind, subject)
);
CREATE INDEX watches_of_subject ON watches (kind, subject, person_id);

-- The outbox: a change that is to be told, or a verdict that was reversed. Written in the transaction that records it.
CREATE TABLE news (
    id BIGINT PRIMARY KEY,
    document_id BIGINT NOT NULL REFERENCES documents (id),
    change_id BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    -- The story that tells it; 0: nobody is told; null: it waits.
    story_id BIGINT
);
CREATE INDEX news_waiting ON news (document_id, id) WHERE story_id IS NULL;
CREATE INDEX news_of_change ON news (change_id);
CREATE INDEX news_of_story ON news (story_id);

-- What is told: one or several changes of a document, or that an earlier story was wrong.
CREATE TABLE stories (
    id BIGINT PRIMARY KEY,
    document_id BIGINT NOT NULL REFERENCES documents (id),
    at_ms BIGINT NOT NULL,
    materiality BIGINT NOT NULL,
    corrects BIGINT,
    body TEXT NOT NULL,
    -- Persons (of a correction: channels) up to this number have been told; null: all.
    told_up_to BIGINT
);
CREATE INDEX stories_open ON stories (id) WHERE told_up_to IS NOT NULL;

-- What a story is about: the subjects of the watches that may be answered by it.
CREATE TABLE story_subjects (
    story_id BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (story_id, kind, subject)
) /*WITHOUT ROWID*/;

-- Whom a story is told to. A channel is told a story once.
CREATE TABLE tellings (
    story_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    -- When: the hour of a digest; 0 is at once.
    due_ms BIGINT NOT NULL,
    -- JSON: the watches that asked, with the reason in words.
    why TEXT NOT NULL,
    -- How much a change has to matter for the most easily content of these watches.
    least BIGINT NOT NULL,
    message_id BIGINT,
    PRIMARY KEY (story_id, channel_id)
) /*WITHOUT ROWID*/;
CREATE INDEX tellings_waiting ON tellings (due_ms, channel_id) WHERE message_id IS NULL;
CREATE INDEX tellings_of_message ON tellings (message_id);

-- What is sent over a channel, with how that went.
CREATE TABLE messages (
    id BIGINT PRIMARY KEY,
    -- The name by which a receiver knows a message that comes again.
    key TEXT COLLATE "C" NOT NULL UNIQUE,
    person_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    channel_kind BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    made_ms BIGINT NOT NULL,
    -- What it says, if it is not stories.
    body TEXT,
    state BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    -- Nobody tries before: it failed, or another process has it.
    due_ms BIGINT NOT NULL,
    settled_ms BIGINT,
    error TEXT,
    read_ms BIGINT
);
CREATE INDEX messages_waiting ON messages (channel_kind, due_ms, id) WHERE state = 0;
CREATE INDEX messages_of_channel ON messages (channel_id, id);
CREATE INDEX messages_of_person ON messages (person_id, id);
