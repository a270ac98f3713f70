-- A document that is to be read anew, because its address or its selectors are others now, though its page may be the same as before.
-- That it was never checked, which is another thing, was said in its place.
ALTER TABLE checks ADD COLUMN anew BIGINT NOT NULL DEFAULT 0;
