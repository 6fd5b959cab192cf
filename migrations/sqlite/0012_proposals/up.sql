-- What a specialist changes on a head's card, until the department has decided.
CREATE TABLE proposals (
    id BLOB NOT NULL PRIMARY KEY,
    -- create, save, unbind, archive, dismiss.
    kind TEXT NOT NULL,
    -- waiting, approved, declined, withdrawn.
    state TEXT NOT NULL,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    -- The card; of a new one once it was approved.
    employee_id BLOB REFERENCES employees (id),
    -- Who asks, and the card he worked as.
    author_account_id BLOB NOT NULL REFERENCES accounts (id),
    author_employee_id BLOB NOT NULL REFERENCES employees (id),
    -- The request, sealed; gone once it is decided.
    payload TEXT,
    created_at TEXT NOT NULL,
    decided_at TEXT,
    decided_by_account_id BLOB REFERENCES accounts (id),
    reason TEXT
) STRICT;
-- One of a kind waits at a card: a newer one takes its place.
CREATE UNIQUE INDEX proposals_one_waiting ON proposals (employee_id, kind) WHERE state = 'waiting';
CREATE INDEX proposals_of_card ON proposals (employee_id, state, created_at, id);
CREATE INDEX proposals_of_organization ON proposals (organization_id, state, created_at, id);
CREATE INDEX proposals_by_state ON proposals (state, created_at, id);
CREATE INDEX proposals_of_author ON proposals (author_account_id);
