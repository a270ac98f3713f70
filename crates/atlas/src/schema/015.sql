-- Organisations: persons who share a watchlist. An organisation holds watches, channels and messages as a person does, under a number of the
-- same kind, so that matching, telling and sending know no difference; its name stands in `persons`.
CREATE TABLE organisations (
    person_id BIGINT PRIMARY KEY REFERENCES persons (id),
    made_ms BIGINT NOT NULL
);

CREATE TABLE members (
    organisation_id BIGINT NOT NULL REFERENCES organisations (person_id),
    person_id BIGINT NOT NULL REFERENCES accounts (person_id),
    -- 0 reader, 1 editor, 2 owner.
    role BIGINT NOT NULL,
    since_ms BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, person_id)
);
CREATE INDEX members_of_person ON members (person_id, organisation_id);

-- Who is invited and has not answered. The mail about it is in account_mails; what its link does holds for as long as this row is there.
INSERT INTO numbers (name, last) VALUES ('invitations', 0);
CREATE TABLE invitations (
    id BIGINT PRIMARY KEY,
    organisation_id BIGINT NOT NULL REFERENCES organisations (person_id),
    -- As it was typed, and in small letters.
    address TEXT NOT NULL,
    address_key TEXT COLLATE "C" NOT NULL,
    role BIGINT NOT NULL,
    -- Who invited them: an owner.
    by_id BIGINT NOT NULL,
    made_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    UNIQUE (organisation_id, address_key)
);
CREATE INDEX invitations_to ON invitations (address_key, id);

-- Of what happened to an organisation: who did it, and to whom; 0: nobody's.
ALTER TABLE audit ADD COLUMN by_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN member_id BIGINT NOT NULL DEFAULT 0;
CREATE INDEX audit_by ON audit (by_id) WHERE by_id > 0;
