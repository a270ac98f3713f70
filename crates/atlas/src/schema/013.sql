-- Severe provisions of which the reader is not sure are those of low confidence too.
DROP INDEX provisions_unsure;
CREATE INDEX provisions_unsure ON provisions (shown_severity DESC, score)
    WHERE confidence <= 1 AND shown_severity >= 2 AND removed_version IS NULL AND shown_type IS NOT NULL;

-- What was given up over a channel that was removed since is not sent any more, and asks nobody to send it.
UPDATE messages SET state = 3 WHERE state = 2 AND channel_id IN (SELECT id FROM channels WHERE state = 4);
