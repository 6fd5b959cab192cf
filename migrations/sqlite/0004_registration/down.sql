DROP TABLE applications;
DROP TABLE consents;
ALTER TABLE accounts DROP COLUMN consent_version;
ALTER TABLE accounts DROP COLUMN organization_id;
