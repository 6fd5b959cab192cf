DROP TABLE recertification_answers;
DROP TABLE recertification_organizations;
DROP TABLE recertifications;
DROP TABLE organization_days;
DROP TABLE organization_counts;
