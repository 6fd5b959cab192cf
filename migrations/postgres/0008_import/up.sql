-- Import of staff: a file is read into these tables first, judged there, and applied by the program. All of it is
-- removed a day later.

-- The file, and how far it is. Counts are kept in step by the program.
CREATE TABLE imports (
    id UUID NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES accounts (id),
    -- The card the account worked as: with its rights the file is applied.
    employee_id UUID NOT NULL REFERENCES employees (id),
    state TEXT NOT NULL CHECK (state IN ('uploaded', 'previewed', 'applying', 'finishing', 'applied')),
    -- JSON: the headings, what each column holds.
    headings TEXT NOT NULL,
    mapping TEXT NOT NULL,
    row_count INTEGER NOT NULL,
    created INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0,
    wrong INTEGER NOT NULL DEFAULT 0,
    undecided INTEGER NOT NULL DEFAULT 0,
    -- Cards that are done.
    done INTEGER NOT NULL DEFAULT 0,
    -- Why the last try came to nothing.
    failure TEXT,
    -- How often it was taken up since it was set going.
    tries INTEGER NOT NULL DEFAULT 0,
    address TEXT,
    created_at TIMESTAMP NOT NULL,
    decided_at TIMESTAMP,
    lease_token BIGINT NOT NULL DEFAULT 0,
    leased_until TIMESTAMP
);
CREATE INDEX imports_of_account ON imports (account_id, created_at);
CREATE INDEX imports_by_age ON imports (created_at);
CREATE INDEX imports_at_work ON imports (created_at) WHERE state IN ('applying', 'finishing');

CREATE TABLE import_rows (
    import_id UUID NOT NULL REFERENCES imports (id),
    line INTEGER NOT NULL,
    -- JSON: the cells.
    cells TEXT NOT NULL,
    -- What it comes to, once it is judged; JSON: what the preview tells of it, what is done to the card. Of
    -- several rows about one card the first has what is done.
    outcome TEXT COLLATE "C",
    report TEXT,
    task TEXT,
    decision TEXT,
    -- The card that is changed, or the identifier of the one that is made.
    employee_id UUID,
    -- 0: nothing is done; 1: the card is made where nobody sees it; 2: it is there.
    step INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (import_id, line)
);
CREATE INDEX import_rows_by_outcome ON import_rows (import_id, outcome, step, line);

-- What the columns of somebody's last file held.
CREATE TABLE import_templates (
    account_id UUID NOT NULL PRIMARY KEY REFERENCES accounts (id),
    -- JSON: heading and field.
    mapping TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
