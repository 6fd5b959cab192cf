DROP INDEX employees_without_snils_key;
DROP INDEX employees_by_snils;
ALTER TABLE employees DROP COLUMN snils_key;
ALTER TABLE employees DROP COLUMN merged_into_id;
