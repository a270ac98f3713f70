-- Anyone may ask which records have the hash of a file in hand.
CREATE INDEX captures_of_hash ON captures (sha256);
CREATE INDEX versions_of_hash ON versions (text_sha256);
