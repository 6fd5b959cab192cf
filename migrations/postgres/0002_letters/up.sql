-- Letters to be sent: written in the transaction of what they tell of, delivered at least once by a leased job.

CREATE TABLE letters (
    id UUID NOT NULL PRIMARY KEY,
    -- What it tells of: a stable word.
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- Text and HTML, sealed under the master key, since links stand in them; empty once it was sent or given up.
    body BYTEA NOT NULL,
    created_at TIMESTAMP NOT NULL,
    -- Attempts so far, and the moment before which none is made.
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_attempt_at TIMESTAMP NOT NULL,
    -- Who sends it now: `lease_token` grows with each new holder (fencing).
    lease_token BIGINT NOT NULL DEFAULT 0,
    leased_until TIMESTAMP,
    sent_at TIMESTAMP,
    failed_at TIMESTAMP,
    -- What the mail server said last.
    failure TEXT
);
CREATE INDEX letters_due ON letters (next_attempt_at, id) WHERE sent_at IS NULL AND failed_at IS NULL;
CREATE INDEX letters_by_time ON letters (created_at, id);
