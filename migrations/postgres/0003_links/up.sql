-- Single-use links of letters: only the hash of a token is kept; one conditional update uses it up.

CREATE TABLE links (
    id UUID NOT NULL PRIMARY KEY,
    -- What it is for; the list is the program's.
    purpose TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    -- Whose it is: an account's, or that of an application or a change of the address (`subject_id`).
    account_id UUID REFERENCES accounts (id),
    subject_id UUID NOT NULL,
    -- The name it gives a password to, told to whoever holds the link.
    user_name TEXT,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP,
    -- A newer link stands instead.
    voided_at TIMESTAMP,
    CONSTRAINT links_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX links_of_subject ON links (subject_id, purpose);
