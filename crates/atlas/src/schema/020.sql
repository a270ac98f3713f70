-- How many checks saw a version: a wording that comes and goes is believed when it was seen often enough in a row.
ALTER TABLE versions ADD COLUMN sightings BIGINT NOT NULL DEFAULT 1;
