-- Two cards of one person.

-- The card that this one was joined to.
ALTER TABLE employees ADD COLUMN merged_into_id BLOB REFERENCES employees (id);
-- A keyed hash of СНИЛС, which is sealed: by it the same one is found. Cards of before get theirs from the program.
ALTER TABLE employees ADD COLUMN snils_key BLOB;
CREATE INDEX employees_by_snils ON employees (snils_key) WHERE snils_key IS NOT NULL;
CREATE INDEX employees_without_snils_key ON employees (id) WHERE snils IS NOT NULL AND snils_key IS NULL;
