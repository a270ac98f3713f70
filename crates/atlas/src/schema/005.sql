-- Where a clause comes from that was split off another, and into which clause it was merged: lineages of the same document.
ALTER TABLE wordings ADD COLUMN split_from BIGINT;
ALTER TABLE wordings ADD COLUMN merged_into BIGINT;
