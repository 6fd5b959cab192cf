-- «Отчёты»: what a job counts of each organization from time to time, so that two thousand of them are read at once.
CREATE TABLE organization_counts (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    -- A role in force, or 'cards', 'not_bound', 'never_signed_in', 'ends_soon'.
    what TEXT COLLATE "C" NOT NULL,
    number INTEGER NOT NULL,
    counted_at TIMESTAMP NOT NULL,
    PRIMARY KEY (organization_id, what)
);

-- Sign-ins and bindings of a day where the schools are, counted in the transaction that they happen in.
CREATE TABLE organization_days (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    day DATE NOT NULL,
    sign_ins INTEGER NOT NULL,
    bindings INTEGER NOT NULL,
    PRIMARY KEY (organization_id, day)
);
-- Those of before, as far as the journal tells them: where somebody had one card. Екатеринбург is five hours ahead.
INSERT INTO organization_days (organization_id, day, sign_ins, bindings)
SELECT
    organization_id,
    (at + INTERVAL '5 hours')::DATE,
    count(CASE WHEN action = 'session.opened' THEN 1 END),
    count(CASE WHEN action = 'binding.created' THEN 1 END)
FROM audit_events
WHERE action IN ('session.opened', 'binding.created') AND result = 'done'
    AND organization_id IN (SELECT id FROM organizations)
GROUP BY 1, 2;

-- «Подтвердите, что эти люди работают у вас».
CREATE TABLE recertifications (
    id UUID NOT NULL PRIMARY KEY,
    -- The department that asks what stands below it; nothing: support, which asks everybody.
    department_id UUID REFERENCES organizations (id),
    due_on DATE NOT NULL,
    started_at TIMESTAMP NOT NULL,
    started_by_account_id UUID NOT NULL REFERENCES accounts (id),
    started_by_employee_id UUID NOT NULL REFERENCES employees (id),
    ended_at TIMESTAMP
);
CREATE INDEX recertifications_by_start ON recertifications (started_at, id);

-- Who is asked. What is asked of them is not kept: every role that was in force when it started, and still is.
CREATE TABLE recertification_organizations (
    recertification_id UUID NOT NULL REFERENCES recertifications (id),
    organization_id UUID NOT NULL REFERENCES organizations (id),
    -- When nothing was left to be answered.
    answered_at TIMESTAMP,
    reminded_before_at TIMESTAMP,
    reminded_after_at TIMESTAMP,
    PRIMARY KEY (recertification_id, organization_id)
);
CREATE INDEX recertification_organizations_of_one ON recertification_organizations (organization_id, recertification_id);

-- The answers, a role each.
CREATE TABLE recertification_answers (
    role_assignment_id UUID NOT NULL REFERENCES role_assignments (id) ON DELETE CASCADE,
    recertification_id UUID NOT NULL REFERENCES recertifications (id),
    answer TEXT NOT NULL CHECK (answer IN ('works', 'gone')),
    answered_at TIMESTAMP NOT NULL,
    answered_by_account_id UUID NOT NULL REFERENCES accounts (id),
    answered_by_employee_id UUID NOT NULL REFERENCES employees (id),
    PRIMARY KEY (role_assignment_id, recertification_id)
);
