-- Passkeys: credentials of WebAuthn with which their persons sign in and prove who they are. Nothing of one is secret.
INSERT INTO numbers (name, last) VALUES ('passkeys', 0);
CREATE TABLE passkeys (
    id BIGINT PRIMARY KEY,
    person_id BIGINT NOT NULL REFERENCES accounts (person_id),
    -- What the authenticator calls it.
    credential BYTEA NOT NULL UNIQUE,
    -- Public key, sign counter and what else is known of it, as JSON.
    key TEXT NOT NULL,
    -- What the person calls it.
    name TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    used_ms BIGINT
);
CREATE INDEX passkeys_of_person ON passkeys (person_id, id);

-- What authenticators call a person: random bytes, since they may show it to whoever holds them.
ALTER TABLE accounts ADD COLUMN handle BYTEA;

-- Ceremonies that were begun: what was asked of an authenticator, until it is answered once. Found by the hash of what the browser keeps.
CREATE TABLE ceremonies (
    token BYTEA PRIMARY KEY,
    -- 0 signing in, 1 adding, 2 proving who one is.
    kind BIGINT NOT NULL,
    -- The session that it was begun in; 0: none.
    session_id BIGINT NOT NULL,
    -- What the answer is checked against, as JSON.
    state TEXT NOT NULL,
    expires_ms BIGINT NOT NULL
);
