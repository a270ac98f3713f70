-- Who has read which message of an inbox: the inbox of an organisation is read by each of its members for themselves.
CREATE TABLE reads (
    person_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    read_ms BIGINT NOT NULL,
    PRIMARY KEY (person_id, message_id)
) /*WITHOUT ROWID*/;

-- What one member had read was read for all of those who belong to the organisation now.
INSERT INTO reads (person_id, message_id, read_ms)
    SELECT b.person_id, m.id, m.read_ms FROM messages m JOIN members b ON b.organisation_id = m.person_id WHERE m.read_ms IS NOT NULL;
INSERT INTO reads (person_id, message_id, read_ms)
    SELECT m.person_id, m.id, m.read_ms FROM messages m
    WHERE m.read_ms IS NOT NULL AND NOT EXISTS (SELECT 1 FROM organisations o WHERE o.person_id = m.person_id);
ALTER TABLE messages DROP COLUMN read_ms;
