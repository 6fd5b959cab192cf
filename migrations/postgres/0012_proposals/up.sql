-- What a specialist changes on a head's card, until the department has decided.
CREATE TABLE proposals (
    id UUID NOT NULL PRIMARY KEY,
    -- create, save, unbind, archive, dismiss.
    kind TEXT NOT NULL,
    -- waiting, approved, declined, withdrawn.
    state TEXT NOT NULL,
    organization_id UUID NOT NULL REFERENCES organizations (id),
    -- The card; of a new one once it was approved.
    employee_id UUID REFERENCES employees (id),
    -- Who asks, and the card he worked as.
    author_account_id UUID NOT NULL REFERENCES accounts (id),
    author_employee_id UUID NOT NULL REFERENCES employees (id),
    -- The request, sealed; gone once it is decided.
    payload TEXT,
    created_at TIMESTAMP NOT NULL,
    decided_at TIMESTAMP,
    decided_by_account_id UUID REFERENCES accounts (id),
    reason TEXT
);
-- One of a kind waits at a card: a newer one takes its place.
CREATE UNIQUE INDEX proposals_one_waiting ON proposals (employee_id, kind) WHERE state = 'waiting';
CREATE INDEX proposals_of_card ON proposals (employee_id, state, created_at, id);
CREATE INDEX proposals_of_organization ON proposals (organization_id, state, created_at, id);
CREATE INDEX proposals_by_state ON proposals (state, created_at, id);
CREATE INDEX proposals_of_author ON proposals (author_account_id);
