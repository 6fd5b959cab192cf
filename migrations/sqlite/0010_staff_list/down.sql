DROP INDEX role_assignments_of_employee;
CREATE INDEX role_assignments_of_employee ON role_assignments (employee_id, role);
DROP TABLE listed_roles;
ALTER TABLE employee_tokens RENAME TO former_tokens;
DROP INDEX employee_tokens_owner;
CREATE TABLE employee_tokens (
    token TEXT NOT NULL,
    employee_id BLOB NOT NULL REFERENCES employees (id),
    PRIMARY KEY (token, employee_id)
) STRICT, WITHOUT ROWID;
INSERT INTO employee_tokens (token, employee_id)
SELECT token, employee_id FROM former_tokens ORDER BY 1, 2;
DROP TABLE former_tokens;
CREATE INDEX employee_tokens_owner ON employee_tokens (employee_id, token);
DROP INDEX employees_of_organization;
DROP INDEX employees_by_name;
DROP INDEX employees_by_login;
DROP INDEX employees_by_creation;
DROP INDEX employees_by_end;
DROP INDEX employees_by_sign_in;
DROP INDEX employees_archived;
ALTER TABLE employees DROP COLUMN initials;
ALTER TABLE employees DROP COLUMN account_state;
ALTER TABLE employees DROP COLUMN roles_last_start_on;
ALTER TABLE employees DROP COLUMN roles_first_end_on;
ALTER TABLE employees DROP COLUMN role_bits;
CREATE INDEX employees_of_organization
    ON employees (organization_id, name_key, id, archived_at, roles_end_on, account_seen_at);
CREATE INDEX employees_by_name
    ON employees (name_key, id, organization_id, archived_at, roles_end_on, account_seen_at);
CREATE INDEX employees_by_creation ON employees (created_at, id, organization_id, archived_at);
CREATE INDEX employees_of_organization_by_creation ON employees (organization_id, created_at, id);
CREATE INDEX employees_by_end ON employees (roles_end_on, name_key, id, organization_id, archived_at);
CREATE INDEX employees_by_sign_in ON employees (account_seen_at, name_key, id, organization_id, archived_at);
CREATE INDEX employees_archived ON employees (name_key, id, organization_id) WHERE archived_at IS NOT NULL;
CREATE INDEX employees_archived_of_organization ON employees (organization_id, name_key, id) WHERE archived_at IS NOT NULL;
