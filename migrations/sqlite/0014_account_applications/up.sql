-- «Заявка на учётную запись» of an education department: what was typed, with the scanned document. Removed some
-- time after it was decided, or was left unproven.
CREATE TABLE account_applications (
    id BLOB NOT NULL PRIMARY KEY,
    -- What people call it by.
    number TEXT NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('begun', 'awaiting_proof', 'awaiting_decision', 'approved', 'completed', 'declined')
    ),
    role TEXT NOT NULL,
    email TEXT NOT NULL,
    family_name TEXT NOT NULL,
    given_name TEXT NOT NULL,
    patronymic TEXT,
    phone TEXT,
    position TEXT NOT NULL,
    -- The listed department; otherwise the territory in the applicant's words.
    organization_id BLOB REFERENCES organizations (id),
    territory TEXT NOT NULL,
    -- Words of ФИО, e-mail and number, each after a space.
    search_text TEXT NOT NULL,
    consent_version TEXT NOT NULL,
    -- From where it was sent, and the consent given.
    address TEXT NOT NULL,
    created_at TEXT NOT NULL,
    proven_at TEXT,
    decided_at TEXT,
    decided_by_account_id BLOB REFERENCES accounts (id),
    reason TEXT,
    -- The card that was made of it.
    employee_id BLOB REFERENCES employees (id),
    CONSTRAINT account_applications_number_key UNIQUE (number)
) STRICT;
CREATE INDEX account_applications_by_state ON account_applications (state, created_at, id);

-- Its files; where their bytes are says `stored`.
CREATE TABLE application_files (
    id BLOB NOT NULL PRIMARY KEY,
    application_id BLOB NOT NULL REFERENCES account_applications (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('pdf', 'jpeg', 'png')),
    size INTEGER NOT NULL CHECK (size > 0),
    sha256 BLOB NOT NULL,
    stored TEXT NOT NULL CHECK (stored IN ('folder', 'database')),
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX application_files_of_application ON application_files (application_id, id);

-- The bytes of files that are kept in the database, piece by piece.
CREATE TABLE application_file_pieces (
    file_id BLOB NOT NULL REFERENCES application_files (id),
    place INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (file_id, place)
) STRICT;

-- Cards that nobody has bound while their one-time credentials were good are found by what was neither used nor
-- voided: one row of a card at most.
CREATE INDEX one_time_credentials_unused ON one_time_credentials (employee_id, expires_at)
WHERE used_at IS NULL AND voided_at IS NULL;
