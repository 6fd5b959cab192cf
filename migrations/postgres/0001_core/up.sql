-- Organisations, people, sessions, cards, the journal. The two files of one number mean the same;
-- types differ as the databases do (identifiers: UUID; moments: UTC in whole microseconds).

-- «Организации»: a tree from the operator and the departments down to schools.
CREATE TABLE organizations (
    id UUID NOT NULL PRIMARY KEY,
    parent_id UUID REFERENCES organizations (id),
    kind TEXT NOT NULL CHECK (kind IN ('operator', 'education_department', 'school', 'college', 'kindergarten')),
    full_name TEXT NOT NULL,
    short_name TEXT NOT NULL,
    town TEXT NOT NULL,
    inn TEXT,
    kpp TEXT,
    search_key TEXT COLLATE "C" NOT NULL,
    closed_on DATE,
    version INTEGER NOT NULL DEFAULT 1,
    created_at TIMESTAMP NOT NULL,
    CONSTRAINT organizations_inn_kpp_key UNIQUE (inn, kpp)
);
CREATE INDEX organizations_parent ON organizations (parent_id);
CREATE INDEX organizations_by_name ON organizations (search_key, id);

-- Every pair of the tree, each organisation with itself at depth 0: "all below me" is one join.
CREATE TABLE organization_ancestors (
    descendant_id UUID NOT NULL REFERENCES organizations (id),
    ancestor_id UUID NOT NULL REFERENCES organizations (id),
    depth INTEGER NOT NULL CHECK (depth >= 0),
    PRIMARY KEY (descendant_id, ancestor_id)
);
CREATE INDEX organization_ancestors_down ON organization_ancestors (ancestor_id, descendant_id);

-- Words of the names, for search by the beginning of any word.
CREATE TABLE organization_tokens (
    token TEXT COLLATE "C" NOT NULL,
    organization_id UUID NOT NULL REFERENCES organizations (id),
    PRIMARY KEY (token, organization_id)
);
CREATE INDEX organization_tokens_owner ON organization_tokens (organization_id);

-- Every user name and card login ever given out. Rows are never deleted: no name is issued twice.
CREATE TABLE issued_names (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    issued_at TIMESTAMP NOT NULL
);

-- «Учётная запись»: one person with one or more ways in. It alone opens a session.
CREATE TABLE accounts (
    id UUID NOT NULL PRIMARY KEY,
    user_name TEXT COLLATE "C" NOT NULL,
    family_name TEXT NOT NULL,
    given_name TEXT NOT NULL,
    patronymic TEXT,
    email TEXT NOT NULL,
    email_key TEXT COLLATE "C" NOT NULL,
    email_verified_at TIMESTAMP,
    position TEXT,
    password_hash TEXT,
    password_changed_at TIMESTAMP,
    status TEXT NOT NULL CHECK (status IN ('active', 'blocked')),
    blocked_reason TEXT,
    last_sign_in_at TIMESTAMP,
    demo BOOLEAN NOT NULL DEFAULT FALSE,
    version INTEGER NOT NULL DEFAULT 1,
    created_at TIMESTAMP NOT NULL,
    CONSTRAINT accounts_user_name_key UNIQUE (user_name),
    CONSTRAINT accounts_email_key_key UNIQUE (email_key)
);

-- «Сотрудник организации»: one person in one organisation (a card).
CREATE TABLE employees (
    id UUID NOT NULL PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id),
    login TEXT COLLATE "C" NOT NULL,
    family_name TEXT NOT NULL,
    given_name TEXT NOT NULL,
    patronymic TEXT,
    no_patronymic BOOLEAN NOT NULL DEFAULT FALSE,
    name_key TEXT COLLATE "C" NOT NULL,
    email TEXT,
    email_key TEXT COLLATE "C",
    note TEXT NOT NULL DEFAULT '',
    version INTEGER NOT NULL DEFAULT 1,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    archived_at TIMESTAMP,
    -- Kept in step by the program, in the transaction of the change: what the staff list is filtered and sorted by.
    -- The last day of the last role; without an end: 9999-12-31.
    roles_end_on DATE NOT NULL DEFAULT '9999-12-31',
    -- The account's last sign-in; 0001-01-01: not bound; 0001-01-02: bound, and it has never signed in.
    account_seen_at TIMESTAMP NOT NULL DEFAULT '0001-01-01 00:00:00',
    CONSTRAINT employees_login_key UNIQUE (login)
);
-- The staff list goes through cards in one of these orders; what it asks of each card on the way stands in the
-- index too, so that cards which are passed over are never read.
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
CREATE INDEX employees_by_email ON employees (email_key);

-- Words of a card's name, login and e-mail, for search by the beginning of any word. The word a name begins with
-- is not among them: employees_by_name finds it.
CREATE TABLE employee_tokens (
    token TEXT COLLATE "C" NOT NULL,
    employee_id UUID NOT NULL REFERENCES employees (id),
    PRIMARY KEY (token, employee_id)
);
CREATE INDEX employee_tokens_owner ON employee_tokens (employee_id, token);

-- A role works from its first to its last day inclusive; no last day: open-ended.
-- The list of roles is the program's (two versions of it may run at once), so no CHECK here.
CREATE TABLE role_assignments (
    id UUID NOT NULL PRIMARY KEY,
    employee_id UUID NOT NULL REFERENCES employees (id),
    -- That of the card.
    organization_id UUID NOT NULL REFERENCES organizations (id),
    role TEXT NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE,
    created_at TIMESTAMP NOT NULL,
    CHECK (ends_on IS NULL OR ends_on >= starts_on)
);
-- With the role in it: without statistics SQLite would look for one card's role among all of that role.
CREATE INDEX role_assignments_of_employee ON role_assignments (employee_id, role);
CREATE INDEX role_assignments_by_role ON role_assignments (role, ends_on, employee_id);
CREATE INDEX role_assignments_by_end ON role_assignments (ends_on, employee_id, starts_on);
CREATE INDEX role_assignments_of_organization ON role_assignments (organization_id, role, ends_on, employee_id);
CREATE INDEX role_assignments_of_organization_by_end ON role_assignments (organization_id, ends_on, employee_id);

-- Only a hash of the token is kept. After a rotation the token before lives some seconds more,
-- so that requests sent at the same moment do not fail.
CREATE TABLE sessions (
    id UUID NOT NULL PRIMARY KEY,
    token_hash BYTEA NOT NULL,
    previous_token_hash BYTEA,
    previous_valid_until TIMESTAMP,
    account_id UUID NOT NULL REFERENCES accounts (id),
    employee_id UUID REFERENCES employees (id),
    created_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    previous_sign_in_at TIMESTAMP,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    ended_at TIMESTAMP,
    end_reason TEXT,
    CONSTRAINT sessions_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX sessions_by_previous_token ON sessions (previous_token_hash);
CREATE INDEX sessions_of_account ON sessions (account_id);

-- One-time passwords of cards: never in clear, an HMAC under the master key.
CREATE TABLE one_time_credentials (
    id UUID NOT NULL PRIMARY KEY,
    employee_id UUID NOT NULL REFERENCES employees (id),
    secret_hmac BYTEA NOT NULL,
    issued_at TIMESTAMP NOT NULL,
    issued_by_account_id UUID REFERENCES accounts (id),
    issued_by_employee_id UUID REFERENCES employees (id),
    expires_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP,
    voided_at TIMESTAMP,
    failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0)
);
CREATE INDEX one_time_credentials_of_employee ON one_time_credentials (employee_id);

-- «Привязка»: a card belongs to one account at a time.
CREATE TABLE bindings (
    id UUID NOT NULL PRIMARY KEY,
    employee_id UUID NOT NULL REFERENCES employees (id),
    account_id UUID NOT NULL REFERENCES accounts (id),
    bound_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP
);
CREATE UNIQUE INDEX bindings_one_account_per_card ON bindings (employee_id) WHERE ended_at IS NULL;
CREATE INDEX bindings_of_account ON bindings (account_id);

-- «Журнал»: append-only. No foreign keys: an entry outlives what it tells of.
-- `position` and `seal` are written once, by the sealer, within a second.
CREATE TABLE audit_events (
    id UUID NOT NULL PRIMARY KEY,
    at TIMESTAMP NOT NULL,
    actor_account_id UUID,
    actor_employee_id UUID,
    action TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id UUID,
    organization_id UUID,
    address TEXT,
    request_id TEXT,
    result TEXT NOT NULL CHECK (result IN ('done', 'refused')),
    details TEXT NOT NULL,
    position BIGINT,
    seal BYTEA,
    CONSTRAINT audit_events_position_key UNIQUE (position)
);
CREATE INDEX audit_events_by_time ON audit_events (at, id);
CREATE INDEX audit_events_of_object ON audit_events (object_id, at);
CREATE INDEX audit_events_unsealed ON audit_events (at, id) WHERE position IS NULL;

-- The last sealed link, so that cutting the end of the chain shows too.
CREATE TABLE audit_heads (
    name TEXT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL,
    seal BYTEA NOT NULL
);

-- Failures of sign-in; keys hold a keyed hash of the typed name, never the name.
CREATE TABLE attempt_counters (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    window_started_at TIMESTAMP NOT NULL,
    locked_until TIMESTAMP
);
CREATE INDEX attempt_counters_by_window ON attempt_counters (window_started_at);

-- Background work is done by whoever holds the lease; `token` grows with each new holder (fencing).
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    token BIGINT NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
