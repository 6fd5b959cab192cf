-- «Отчёты»: what a job counts of each organization from time to time, so that two thousand of them are read at once.
CREATE TABLE organization_counts (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    -- A role in force, or 'cards', 'not_bound', 'never_signed_in', 'ends_soon'.
    what TEXT NOT NULL,
    number INTEGER NOT NULL,
    counted_at TEXT NOT NULL,
    PRIMARY KEY (organization_id, what)
) STRICT, WITHOUT ROWID;

-- Sign-ins and bindings of a day where the schools are, counted in the transaction that they happen in.
CREATE TABLE organization_days (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    day TEXT NOT NULL,
    sign_ins INTEGER NOT NULL,
    bindings INTEGER NOT NULL,
    PRIMARY KEY (organization_id, day)
) STRICT, WITHOUT ROWID;
-- Those of before, as far as the journal tells them: where somebody had one card. Екатеринбург is five hours ahead.
INSERT INTO organization_days (organization_id, day, sign_ins, bindings)
SELECT
    organization_id,
    date(at, '+5 hours'),
    count(CASE WHEN action = 'session.opened' THEN 1 END),
    count(CASE WHEN action = 'binding.created' THEN 1 END)
FROM audit_events
WHERE action IN ('session.opened', 'binding.created') AND result = 'done'
    AND organization_id IN (SELECT id FROM organizations)
GROUP BY 1, 2;

-- «Подтвердите, что эти люди работают у вас».
CREATE TABLE recertifications (
    id BLOB NOT NULL PRIMARY KEY,
    -- The department that asks what stands below it; nothing: support, which asks everybody.
    department_id BLOB REFERENCES organizations (id),
    due_on TEXT NOT NULL,
    started_at TEXT NOT NULL,
    started_by_account_id BLOB NOT NULL REFERENCES accounts (id),
    started_by_employee_id BLOB NOT NULL REFERENCES employees (id),
    ended_at TEXT
) STRICT;
CREATE INDEX recertifications_by_start ON recertifications (started_at, id);

-- Who is asked. What is asked of them is not kept: every role that was in force when it started, and still is.
CREATE TABLE recertification_organizations (
    recertification_id BLOB NOT NULL REFERENCES recertifications (id),
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    -- When nothing was left to be answered.
    answered_at TEXT,
    reminded_before_at TEXT,
    reminded_after_at TEXT,
    PRIMARY KEY (recertification_id, organization_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX recertification_organizations_of_one ON recertification_organizations (organization_id, recertification_id);

-- The answers, a role each.
CREATE TABLE recertification_answers (
    role_assignment_id BLOB NOT NULL REFERENCES role_assignments (id) ON DELETE CASCADE,
    recertification_id BLOB NOT NULL REFERENCES recertifications (id),
    answer TEXT NOT NULL CHECK (answer IN ('works', 'gone')),
    answered_at TEXT NOT NULL,
    answered_by_account_id BLOB NOT NULL REFERENCES accounts (id),
    answered_by_employee_id BLOB NOT NULL REFERENCES employees (id),
    PRIMARY KEY (role_assignment_id, recertification_id)
) STRICT, WITHOUT ROWID;
