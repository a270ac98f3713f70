-- What operators do. The addresses under which a document is found since an operator accepted them, with those that were declared then, as
-- JSON: they hold until something else is declared.
ALTER TABLE documents ADD COLUMN accepted TEXT;
-- Since when a document is not checked because an operator said so.
ALTER TABLE checks ADD COLUMN paused_ms BIGINT;

-- What is told to everybody on top of every page for a time.
INSERT INTO numbers (name, last) VALUES ('announcements', 0);
CREATE TABLE announcements (
    id BIGINT PRIMARY KEY,
    text TEXT NOT NULL,
    urgency BIGINT NOT NULL,
    from_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    made_ms BIGINT NOT NULL
);

-- The plan of a person, where it is not the one that everybody begins with.
CREATE TABLE plans (
    person_id BIGINT PRIMARY KEY,
    plan TEXT COLLATE "C" NOT NULL,
    since_ms BIGINT NOT NULL,
    -- When a trial ends; null: it is none.
    trial_until_ms BIGINT,
    -- JSON: the plans that were tried; none is tried twice.
    tried TEXT NOT NULL
);

-- What persons pay for, by the payment provider's name of it. One that is told to have ended before it began has no person (0).
CREATE TABLE subscriptions (
    id TEXT COLLATE "C" PRIMARY KEY,
    person_id BIGINT NOT NULL,
    plan TEXT COLLATE "C" NOT NULL,
    since_ms BIGINT NOT NULL,
    ended_ms BIGINT
);
CREATE INDEX subscriptions_of_person ON subscriptions (person_id, since_ms);
