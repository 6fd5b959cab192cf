DROP TABLE possible_duplicates;
DROP INDEX organizations_parent;
CREATE INDEX organizations_parent ON organizations (parent_id);
ALTER TABLE organizations DROP COLUMN merged_into_id;
