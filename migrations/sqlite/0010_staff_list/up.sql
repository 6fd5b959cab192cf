-- The staff list among a million cards: everything a search asks of a row stands in the row it goes through, so that
-- rows which are passed over cost nothing but their place in an index. All of it is derived and kept in step by the
-- program, in the transaction of the change.

DROP INDEX employees_of_organization;
DROP INDEX employees_by_name;
DROP INDEX employees_by_creation;
DROP INDEX employees_of_organization_by_creation;
DROP INDEX employees_by_end;
DROP INDEX employees_by_sign_in;
DROP INDEX employees_archived;
DROP INDEX employees_archived_of_organization;

-- The roles a card has or has had, one bit each.
ALTER TABLE employees ADD COLUMN role_bits INTEGER NOT NULL DEFAULT 0;
-- The last day of the role that ends first, the first day of the role that starts last: mostly they tell without a
-- look at the roles whether all of them are in force.
ALTER TABLE employees ADD COLUMN roles_first_end_on TEXT NOT NULL DEFAULT '9999-12-31';
ALTER TABLE employees ADD COLUMN roles_last_start_on TEXT NOT NULL DEFAULT '9999-12-31';
-- 0: not bound; 1: bound, and the account has never signed in; 2: it has.
ALTER TABLE employees ADD COLUMN account_state INTEGER NOT NULL DEFAULT 0;
-- The letters that words of the name begin with, from а to я, one bit each.
ALTER TABLE employees ADD COLUMN initials INTEGER NOT NULL DEFAULT 0;

UPDATE employees
SET role_bits = found.bits,
    roles_first_end_on = found.first_end,
    roles_last_start_on = found.last_start,
    account_state = CASE
        WHEN account_seen_at < '0001-01-02' THEN 0
        WHEN account_seen_at < '0001-01-03' THEN 1
        ELSE 2
    END,
    initials = found.initials
FROM (
    SELECT
        people.id AS employee_id,
        people.initials,
        sum(DISTINCT CASE role_assignments.role
            WHEN 'support' THEN 1
            WHEN 'education_department' THEN 2
            WHEN 'preschool_department' THEN 4
            WHEN 'school_director' THEN 8
            WHEN 'school_deputy' THEN 16
            WHEN 'school_officer' THEN 32
            WHEN 'college_director' THEN 64
            WHEN 'college_deputy' THEN 128
            WHEN 'college_officer' THEN 256
            WHEN 'kindergarten_head' THEN 512
            WHEN 'social_pedagogue' THEN 1024
            WHEN 'teacher' THEN 2048
            WHEN 'class_teacher' THEN 4096
            WHEN 'lecturer' THEN 8192
            WHEN 'kindergarten_teacher' THEN 16384
            ELSE 0
        END) AS bits,
        min(coalesce(role_assignments.ends_on, '9999-12-31')) AS first_end,
        coalesce(max(role_assignments.starts_on), '9999-12-31') AS last_start
    FROM (
        SELECT
            named.id,
            CASE WHEN instr(named.words, ' а') > 0 THEN 1 ELSE 0 END
                + CASE WHEN instr(named.words, ' б') > 0 THEN 2 ELSE 0 END
                + CASE WHEN instr(named.words, ' в') > 0 THEN 4 ELSE 0 END
                + CASE WHEN instr(named.words, ' г') > 0 THEN 8 ELSE 0 END
                + CASE WHEN instr(named.words, ' д') > 0 THEN 16 ELSE 0 END
                + CASE WHEN instr(named.words, ' е') > 0 THEN 32 ELSE 0 END
                + CASE WHEN instr(named.words, ' ж') > 0 THEN 64 ELSE 0 END
                + CASE WHEN instr(named.words, ' з') > 0 THEN 128 ELSE 0 END
                + CASE WHEN instr(named.words, ' и') > 0 THEN 256 ELSE 0 END
                + CASE WHEN instr(named.words, ' й') > 0 THEN 512 ELSE 0 END
                + CASE WHEN instr(named.words, ' к') > 0 THEN 1024 ELSE 0 END
                + CASE WHEN instr(named.words, ' л') > 0 THEN 2048 ELSE 0 END
                + CASE WHEN instr(named.words, ' м') > 0 THEN 4096 ELSE 0 END
                + CASE WHEN instr(named.words, ' н') > 0 THEN 8192 ELSE 0 END
                + CASE WHEN instr(named.words, ' о') > 0 THEN 16384 ELSE 0 END
                + CASE WHEN instr(named.words, ' п') > 0 THEN 32768 ELSE 0 END
                + CASE WHEN instr(named.words, ' р') > 0 THEN 65536 ELSE 0 END
                + CASE WHEN instr(named.words, ' с') > 0 THEN 131072 ELSE 0 END
                + CASE WHEN instr(named.words, ' т') > 0 THEN 262144 ELSE 0 END
                + CASE WHEN instr(named.words, ' у') > 0 THEN 524288 ELSE 0 END
                + CASE WHEN instr(named.words, ' ф') > 0 THEN 1048576 ELSE 0 END
                + CASE WHEN instr(named.words, ' х') > 0 THEN 2097152 ELSE 0 END
                + CASE WHEN instr(named.words, ' ц') > 0 THEN 4194304 ELSE 0 END
                + CASE WHEN instr(named.words, ' ч') > 0 THEN 8388608 ELSE 0 END
                + CASE WHEN instr(named.words, ' ш') > 0 THEN 16777216 ELSE 0 END
                + CASE WHEN instr(named.words, ' щ') > 0 THEN 33554432 ELSE 0 END
                + CASE WHEN instr(named.words, ' ъ') > 0 THEN 67108864 ELSE 0 END
                + CASE WHEN instr(named.words, ' ы') > 0 THEN 134217728 ELSE 0 END
                + CASE WHEN instr(named.words, ' ь') > 0 THEN 268435456 ELSE 0 END
                + CASE WHEN instr(named.words, ' э') > 0 THEN 536870912 ELSE 0 END
                + CASE WHEN instr(named.words, ' ю') > 0 THEN 1073741824 ELSE 0 END
                + CASE WHEN instr(named.words, ' я') > 0 THEN 2147483648 ELSE 0 END AS initials
        FROM (
            SELECT id, ' ' || replace(replace(replace(name_key, '-', ' '), '.', ' '), '''', ' ') AS words
            FROM employees
        ) AS named
    ) AS people
    LEFT JOIN role_assignments ON role_assignments.employee_id = people.id
    GROUP BY people.id, people.initials
) AS found
WHERE found.employee_id = employees.id;

CREATE INDEX employees_of_organization ON employees (
    organization_id, name_key, id, archived_at, roles_end_on, roles_first_end_on, roles_last_start_on, role_bits, account_state, initials
);
CREATE INDEX employees_by_name ON employees (
    name_key, id, organization_id, archived_at, roles_end_on, roles_first_end_on, roles_last_start_on, role_bits, account_state, initials
);
CREATE INDEX employees_by_login ON employees (
    login, id, name_key, organization_id, archived_at, roles_end_on, roles_first_end_on, roles_last_start_on, role_bits, account_state, initials
);
CREATE INDEX employees_by_creation ON employees (
    created_at, id, name_key, organization_id, archived_at, roles_end_on, roles_first_end_on, roles_last_start_on, role_bits, account_state, initials
);
CREATE INDEX employees_by_end ON employees (
    roles_end_on, name_key, id, organization_id, archived_at, roles_first_end_on, roles_last_start_on, role_bits, account_state, initials
);
CREATE INDEX employees_by_sign_in ON employees (
    account_seen_at, name_key, id, organization_id, archived_at, roles_end_on, roles_first_end_on, roles_last_start_on, role_bits, account_state, initials
);
CREATE INDEX employees_archived ON employees (
    name_key, id, organization_id, archived_at, roles_end_on, roles_first_end_on, roles_last_start_on, role_bits, account_state, initials
) WHERE archived_at IS NOT NULL;

-- Words in the order of the names: a frequent one is gone through until the page is full.
ALTER TABLE employee_tokens RENAME TO former_tokens;
DROP INDEX employee_tokens_owner;
CREATE TABLE employee_tokens (
    token TEXT NOT NULL,
    -- That of the card.
    name_key TEXT NOT NULL,
    employee_id BLOB NOT NULL REFERENCES employees (id),
    archived INTEGER NOT NULL CHECK (archived IN (0, 1)),
    initials INTEGER NOT NULL,
    PRIMARY KEY (token, name_key, employee_id)
) STRICT, WITHOUT ROWID;
INSERT INTO employee_tokens (token, name_key, employee_id, archived, initials)
SELECT former_tokens.token, employees.name_key, employees.id, employees.archived_at IS NOT NULL, employees.initials
FROM former_tokens
INNER JOIN employees ON employees.id = former_tokens.employee_id
ORDER BY 1, 2, 3;
DROP TABLE former_tokens;
CREATE INDEX employee_tokens_owner ON employee_tokens (employee_id, token);

-- The roles of the cards that are not in the archive, in the order of the names; without an end: 9999-12-31.
CREATE TABLE listed_roles (
    role TEXT NOT NULL,
    name_key TEXT NOT NULL,
    employee_id BLOB NOT NULL REFERENCES employees (id),
    ends_on TEXT NOT NULL,
    starts_on TEXT NOT NULL,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    -- Those of the card: what it is sorted by.
    login TEXT NOT NULL,
    created_at TEXT NOT NULL,
    roles_end_on TEXT NOT NULL,
    initials INTEGER NOT NULL,
    PRIMARY KEY (role, name_key, employee_id, ends_on, starts_on)
) STRICT, WITHOUT ROWID;
INSERT INTO listed_roles (role, name_key, employee_id, ends_on, starts_on, organization_id, login, created_at, roles_end_on, initials)
SELECT DISTINCT
    role_assignments.role,
    employees.name_key,
    employees.id,
    coalesce(role_assignments.ends_on, '9999-12-31'),
    role_assignments.starts_on,
    employees.organization_id,
    employees.login,
    employees.created_at,
    employees.roles_end_on,
    employees.initials
FROM role_assignments
INNER JOIN employees ON employees.id = role_assignments.employee_id
WHERE employees.archived_at IS NULL
ORDER BY 1, 2, 3, 4, 5;
CREATE INDEX listed_roles_by_end ON listed_roles (role, ends_on, name_key, employee_id, starts_on, organization_id, initials);
CREATE INDEX listed_roles_by_any_end ON listed_roles (ends_on, name_key, employee_id, starts_on, organization_id, initials);
CREATE INDEX listed_roles_owner ON listed_roles (employee_id);

DROP INDEX role_assignments_of_employee;
CREATE INDEX role_assignments_of_employee ON role_assignments (employee_id, role, ends_on, starts_on);
