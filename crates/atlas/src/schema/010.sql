-- A second factor of those who want one: codes of an app (TOTP), and recovery codes for when it is lost.
CREATE TABLE second_factors (
    person_id BIGINT PRIMARY KEY REFERENCES accounts (person_id),
    -- Sealed with a key that is not in the store.
    secret BYTEA NOT NULL,
    -- When the first code was given; null: it is not asked for yet.
    confirmed_ms BIGINT,
    -- The last step of 30 seconds whose code was used: each works once.
    step BIGINT NOT NULL
);

CREATE TABLE recovery_codes (
    person_id BIGINT NOT NULL REFERENCES accounts (person_id),
    -- SHA-256 of the code, which has 120 random bits; a used one is gone.
    code BYTEA NOT NULL,
    PRIMARY KEY (person_id, code)
) /*WITHOUT ROWID*/;
