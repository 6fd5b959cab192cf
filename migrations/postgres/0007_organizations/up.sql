-- «Организации»: what was joined to another remembers to which; children of a node are read in the order of their
-- names; an organization is found by the beginning of its ИНН too.
ALTER TABLE organizations ADD COLUMN merged_into_id UUID REFERENCES organizations (id);
DROP INDEX organizations_parent;
CREATE INDEX organizations_parent ON organizations (parent_id, search_key, id);
INSERT INTO organization_tokens (token, organization_id)
    SELECT inn, id FROM organizations WHERE inn IS NOT NULL
    ON CONFLICT DO NOTHING;

-- Two cards that may be one person's, since their organizations were merged.
CREATE TABLE possible_duplicates (
    -- The card that came.
    employee_id UUID NOT NULL REFERENCES employees (id),
    -- The card that was there.
    other_id UUID NOT NULL REFERENCES employees (id),
    noted_at TIMESTAMP NOT NULL,
    PRIMARY KEY (employee_id, other_id)
);
CREATE INDEX possible_duplicates_of_other ON possible_duplicates (other_id);
