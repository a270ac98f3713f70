-- What is asked of tables that only grow is answered from indexes, so that its cost does not grow with all that was ever told.
-- Dead letters: few, and listed the latest first.
CREATE INDEX messages_dead ON messages (id) WHERE state = 2;
CREATE INDEX messages_waiting_of_channel ON messages (channel_id, made_ms) WHERE state = 0;
-- Counted without the messages themselves.
CREATE INDEX messages_counted ON messages (channel_kind, state);
CREATE INDEX tellings_of_person ON tellings (person_id);
CREATE INDEX tellings_waiting_of_channel ON tellings (channel_id) WHERE message_id IS NULL;
CREATE INDEX reads_of_message ON reads (message_id);
CREATE INDEX audit_at ON audit (at_ms);
-- Addresses stand in entries about invitations and members, and are compared with those of accounts, as those are.
CREATE INDEX audit_named ON audit (LOWER(detail) COLLATE "C") WHERE detail <> '';
