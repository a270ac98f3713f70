-- Accounts of an instance that has them: persons with a mail address, who is signed in where, and what happened to each account.
INSERT INTO numbers (name, last) VALUES ('sessions', 0), ('tokens', 0), ('account_mails', 0), ('audit', 0);

CREATE TABLE accounts (
    person_id BIGINT PRIMARY KEY REFERENCES persons (id),
    -- As the person writes it, and in small letters: two addresses that differ in these only are one.
    address TEXT NOT NULL,
    address_key TEXT COLLATE "C" NOT NULL UNIQUE,
    -- An argon2id hash in the PHC form; null: signs in by mail only.
    password TEXT,
    operator BIGINT NOT NULL,
    disabled_ms BIGINT,
    made_ms BIGINT NOT NULL
);

CREATE TABLE sessions (
    id BIGINT PRIMARY KEY,
    person_id BIGINT NOT NULL REFERENCES accounts (person_id),
    -- SHA-256 of what the browser has.
    token BYTEA NOT NULL UNIQUE,
    made_ms BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL,
    -- When the person last proved who they are in it.
    proven_ms BIGINT NOT NULL,
    -- What the browser calls itself.
    agent TEXT NOT NULL
);
CREATE INDEX sessions_of_person ON sessions (person_id, id);

-- Tokens of programs.
CREATE TABLE tokens (
    id BIGINT PRIMARY KEY,
    person_id BIGINT NOT NULL REFERENCES accounts (person_id),
    name TEXT NOT NULL,
    -- SHA-256 of the token.
    token BYTEA NOT NULL UNIQUE,
    -- Names of scopes, parted by spaces.
    scopes TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    used_ms BIGINT
);
CREATE INDEX tokens_of_person ON tokens (person_id, id);

-- Mail about accounts, and the links in it. A link's token is an HMAC over the row under a key that is not in the store.
CREATE TABLE account_mails (
    id BIGINT PRIMARY KEY,
    kind BIGINT NOT NULL,
    address TEXT NOT NULL,
    -- 0: nobody has an account at the address.
    person_id BIGINT NOT NULL,
    nonce BYTEA NOT NULL,
    -- What the link goes on with, as JSON.
    data TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    used_ms BIGINT,
    state BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    due_ms BIGINT NOT NULL
);
CREATE INDEX account_mails_waiting ON account_mails (due_ms, id) WHERE state = 0;
CREATE INDEX account_mails_expiring ON account_mails (expires_ms);

-- How often something was tried of late: "password" of an address, "mail" to an address, anything from a network address.
CREATE TABLE tries (
    what TEXT COLLATE "C" PRIMARY KEY,
    count BIGINT NOT NULL,
    since_ms BIGINT NOT NULL
);

CREATE TABLE audit (
    id BIGINT PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    -- Whose account it is about; 0: nobody's.
    person_id BIGINT NOT NULL,
    event TEXT COLLATE "C" NOT NULL,
    -- Where it came from: a network address, or "command line".
    source TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_of_person ON audit (person_id, id);
