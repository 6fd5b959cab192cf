-- Sign-in through Госуслуги (ЕСИА): accounts joined with people there, categories of people, mismatches, alarms.

-- «РСАА»: registered here, a staff account even before any card. «ЕСИА»: made at the first sign-in through Госуслуги.
ALTER TABLE accounts ADD COLUMN origin TEXT NOT NULL DEFAULT 'rsaa';
-- Eleven digits, as Госуслуги tell it; people are never asked for it here.
ALTER TABLE accounts ADD COLUMN snils TEXT;
-- Eleven digits; optional, and where both sides have it it must agree.
ALTER TABLE employees ADD COLUMN snils TEXT;
-- E.164.
ALTER TABLE employees ADD COLUMN phone TEXT;
-- Staff of the organization sign in through Госуслуги only.
ALTER TABLE organizations ADD COLUMN esia_only INTEGER NOT NULL DEFAULT 0 CHECK (esia_only IN (0, 1));
-- The category the session works in; nothing until one of several was chosen.
ALTER TABLE sessions ADD COLUMN category TEXT;
-- How it was opened: by password or through Госуслуги.
ALTER TABLE sessions ADD COLUMN way TEXT NOT NULL DEFAULT 'password';
UPDATE sessions SET category = 'employee';

-- The person at Госуслуги (oid) an account is joined with: one to one at a time.
CREATE TABLE esia_links (
    id BLOB NOT NULL PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    oid TEXT NOT NULL,
    linked_at TEXT NOT NULL,
    ended_at TEXT
) STRICT;
CREATE UNIQUE INDEX esia_links_one_account_per_oid ON esia_links (oid) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX esia_links_one_oid_per_account ON esia_links (account_id) WHERE ended_at IS NULL;
CREATE INDEX esia_links_of_account ON esia_links (account_id);

-- «Родитель», «Обучающийся»: given by support, by import, by the API, to somebody who may not have been here yet.
-- Whoever comes is matched as with cards: ФИО and a proven e-mail, СНИЛС where both sides have it.
CREATE TABLE category_grants (
    id BLOB NOT NULL PRIMARY KEY,
    category TEXT NOT NULL,
    family_name TEXT NOT NULL,
    given_name TEXT NOT NULL,
    patronymic TEXT,
    name_key TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    snils TEXT,
    starts_on TEXT NOT NULL,
    ends_on TEXT,
    created_at TEXT NOT NULL,
    granted_by_account_id BLOB REFERENCES accounts (id),
    -- Taken back before its time.
    ended_at TEXT,
    CHECK (ends_on IS NULL OR ends_on >= starts_on)
) STRICT;
CREATE INDEX category_grants_by_email ON category_grants (email_key);
CREATE INDEX category_grants_by_name ON category_grants (name_key, id);
CREATE INDEX category_grants_by_category ON category_grants (category, name_key, id);

-- «Расхождения с Госуслугами»: what a person agreed to send to the administrator of the organization, or what came
-- up while a card was bound. Personal values go when the row is ended (see the job).
CREATE TABLE mismatches (
    id BLOB NOT NULL PRIMARY KEY,
    -- sign_in: found nowhere; binding: ФИО of account and card differ; collision: two accounts claim one person.
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    organization_id BLOB REFERENCES organizations (id),
    oid TEXT,
    account_id BLOB REFERENCES accounts (id),
    employee_id BLOB REFERENCES employees (id),
    family_name TEXT NOT NULL,
    given_name TEXT NOT NULL,
    patronymic TEXT,
    name_key TEXT NOT NULL,
    email TEXT,
    email_key TEXT,
    snils TEXT,
    created_at TEXT NOT NULL,
    -- When the person agreed to send the values.
    consented_at TEXT,
    corrected_at TEXT,
    decided_at TEXT,
    decided_by_account_id BLOB REFERENCES accounts (id),
    reason TEXT,
    version INTEGER NOT NULL DEFAULT 1
) STRICT;
-- One open row of a person in an organization, however often he sends it.
CREATE UNIQUE INDEX mismatches_one_open ON mismatches (oid, organization_id)
WHERE state IN ('waiting', 'corrected');
CREATE INDEX mismatches_of_organization ON mismatches (organization_id, state, created_at, id);
CREATE INDEX mismatches_by_state ON mismatches (state, created_at, id);
CREATE INDEX mismatches_of_person ON mismatches (oid, state);
CREATE INDEX mismatches_by_email ON mismatches (email_key, state);
CREATE INDEX mismatches_of_card ON mismatches (employee_id, state);

-- What support must look at: one open row of a code, however often it happens.
CREATE TABLE alarms (
    id BLOB NOT NULL PRIMARY KEY,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    first_at TEXT NOT NULL,
    last_at TEXT NOT NULL,
    occurrences INTEGER NOT NULL DEFAULT 1,
    resolved_at TEXT,
    resolved_by_account_id BLOB REFERENCES accounts (id)
) STRICT;
CREATE UNIQUE INDEX alarms_one_open ON alarms (code) WHERE resolved_at IS NULL;
CREATE INDEX alarms_by_time ON alarms (last_at, id);

-- The link to Госуслуги as all nodes see it: «last_success», «last_failure», «clock» (seconds of difference).
CREATE TABLE esia_health (
    name TEXT NOT NULL PRIMARY KEY,
    at TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
