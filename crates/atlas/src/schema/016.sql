-- The address of a webhook is a secret: whoever knows it can write to somebody's rooms. It is sealed with a key that is not in the store;
-- `address` then holds a hash of it under the same key, by which a person's channel at an address is found.
ALTER TABLE channels ADD COLUMN sealed_address TEXT;
