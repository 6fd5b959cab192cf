-- Registration: applications for accounts, and consents to the processing of personal data.

-- The organization named at registration; rights come from cards alone.
ALTER TABLE accounts ADD COLUMN organization_id BLOB REFERENCES organizations (id);
-- The last version of the text that was agreed to: the same as in the newest row of `consents`.
ALTER TABLE accounts ADD COLUMN consent_version TEXT;

-- «Согласие на обработку персональных данных»: which text, when, from where. Rows are never changed.
CREATE TABLE consents (
    id BLOB NOT NULL PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    version TEXT NOT NULL,
    given_at TEXT NOT NULL,
    -- Nothing where the account was created by a command.
    address TEXT
) STRICT;
CREATE INDEX consents_of_account ON consents (account_id, given_at);

-- «Заявка»: what somebody typed at registration, until the account lives; removed some time afterwards.
CREATE TABLE applications (
    id BLOB NOT NULL PRIMARY KEY,
    state TEXT NOT NULL CHECK (
        state IN ('awaiting_proof', 'awaiting_moderation', 'awaiting_password', 'completed', 'declined')
    ),
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    family_name TEXT NOT NULL,
    given_name TEXT NOT NULL,
    patronymic TEXT,
    position TEXT NOT NULL,
    -- The listed organization; otherwise what was typed in.
    organization_id BLOB REFERENCES organizations (id),
    full_name TEXT NOT NULL,
    short_name TEXT NOT NULL,
    town TEXT NOT NULL,
    inn TEXT NOT NULL,
    kpp TEXT NOT NULL,
    -- Words of ФИО and e-mail, each after a space.
    search_text TEXT NOT NULL,
    -- The name the account will have, once it is given out.
    user_name TEXT,
    consent_version TEXT NOT NULL,
    -- From where it was sent, and the consent given.
    address TEXT NOT NULL,
    created_at TEXT NOT NULL,
    proven_at TEXT,
    decided_at TEXT,
    decided_by_account_id BLOB REFERENCES accounts (id),
    reason TEXT,
    completed_at TEXT,
    account_id BLOB REFERENCES accounts (id)
) STRICT;
CREATE INDEX applications_by_state ON applications (state, created_at, id);
CREATE INDEX applications_of_address ON applications (email_key);
-- Of two sent at once one stays.
CREATE UNIQUE INDEX applications_one_per_address ON applications (email_key)
WHERE state IN ('awaiting_proof', 'awaiting_moderation', 'awaiting_password');
