-- When an organization was first told that it is asked. Those that are asked already know it.
ALTER TABLE recertification_organizations ADD COLUMN told_at TIMESTAMP;
UPDATE recertification_organizations SET told_at =
    (SELECT started_at FROM recertifications WHERE recertifications.id = recertification_id);
