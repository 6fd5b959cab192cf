-- «Журнал» is read the newest first by whoever may: each way in has an index that ends with the place in time.
-- Of the few entries that tell of a refusal there are indexes of their own, for they are looked for most.
DROP INDEX audit_events_of_object;
CREATE INDEX audit_events_of_object ON audit_events (object_id, at, id);
CREATE INDEX audit_events_of_action ON audit_events (action, at, id);
CREATE INDEX audit_events_of_organization ON audit_events (organization_id, at, id)
    WHERE organization_id IS NOT NULL;
CREATE INDEX audit_events_of_organization_action ON audit_events (organization_id, action, at, id)
    WHERE organization_id IS NOT NULL;
CREATE INDEX audit_events_refused ON audit_events (result, at, id) WHERE result = 'refused';
CREATE INDEX audit_events_refused_of_organization ON audit_events (organization_id, result, at, id)
    WHERE result = 'refused' AND organization_id IS NOT NULL;
