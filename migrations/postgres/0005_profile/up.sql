-- The own account and its administration: passwords that were, changes of the address, what support searches by.

-- The key of ФИО: the list of accounts is sorted by it. Rows of before this migration get theirs from the program.
ALTER TABLE accounts ADD COLUMN name_key TEXT COLLATE "C" NOT NULL DEFAULT '';
-- Who has blocked it and when; nobody where the program has.
ALTER TABLE accounts ADD COLUMN blocked_at TIMESTAMP;
ALTER TABLE accounts ADD COLUMN blocked_by_account_id UUID REFERENCES accounts (id);
-- From when on an account that nobody uses counts anew.
ALTER TABLE accounts ADD COLUMN unblocked_at TIMESTAMP;
CREATE INDEX accounts_by_name ON accounts (name_key, id);
CREATE INDEX accounts_by_state ON accounts (status, name_key, id);

-- Words of an account's name, user name and e-mail, for search by the beginning of any word.
CREATE TABLE account_tokens (
    token TEXT COLLATE "C" NOT NULL,
    account_id UUID NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (token, account_id)
);
CREATE INDEX account_tokens_owner ON account_tokens (account_id, token);

-- The last passwords before the present one: none of them is taken again.
CREATE TABLE password_history (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES accounts (id),
    password_hash TEXT NOT NULL,
    replaced_at TIMESTAMP NOT NULL
);
CREATE INDEX password_history_of_account ON password_history (account_id, id);

-- A change of the address takes effect once it was confirmed from both.
CREATE TABLE email_changes (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES accounts (id),
    email TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    old_confirmed_at TIMESTAMP,
    new_confirmed_at TIMESTAMP,
    applied_at TIMESTAMP,
    cancelled_at TIMESTAMP
);
CREATE UNIQUE INDEX email_changes_one_per_account ON email_changes (account_id)
WHERE applied_at IS NULL AND cancelled_at IS NULL;
CREATE INDEX email_changes_of_account ON email_changes (account_id, id);

-- The journal of one account: what it did.
CREATE INDEX audit_events_of_actor ON audit_events (actor_account_id, at, id);
