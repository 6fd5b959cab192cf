ALTER TABLE recertification_organizations DROP COLUMN told_at;
