-- Of which ends of roles heads and departments have been told: a last day that is moved is told anew.
CREATE TABLE role_notices (
    role_assignment_id BLOB NOT NULL REFERENCES role_assignments (id) ON DELETE CASCADE,
    ends_on TEXT NOT NULL,
    -- 30 or 7.
    days_before INTEGER NOT NULL,
    told_at TEXT NOT NULL,
    PRIMARY KEY (role_assignment_id, ends_on, days_before)
) STRICT, WITHOUT ROWID;
