-- Single-use links of letters: only the hash of a token is kept; one conditional update uses it up.

CREATE TABLE links (
    id BLOB NOT NULL PRIMARY KEY,
    -- What it is for; the list is the program's.
    purpose TEXT NOT NULL,
    token_hash BLOB NOT NULL,
    -- Whose it is: an account's, or that of an application or a change of the address (`subject_id`).
    account_id BLOB REFERENCES accounts (id),
    subject_id BLOB NOT NULL,
    -- The name it gives a password to, told to whoever holds the link.
    user_name TEXT,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT,
    -- A newer link stands instead.
    voided_at TEXT,
    CONSTRAINT links_token_hash_key UNIQUE (token_hash)
) STRICT;
CREATE INDEX links_of_subject ON links (subject_id, purpose);
