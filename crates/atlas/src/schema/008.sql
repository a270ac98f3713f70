-- How often a document was analysed anew: who goes on with a history that was read before that would mix two analyses.
ALTER TABLE documents ADD COLUMN revised BIGINT NOT NULL DEFAULT 0;
