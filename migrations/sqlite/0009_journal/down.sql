DROP INDEX audit_events_refused_of_organization;
DROP INDEX audit_events_refused;
DROP INDEX audit_events_of_organization_action;
DROP INDEX audit_events_of_organization;
DROP INDEX audit_events_of_action;
DROP INDEX audit_events_of_object;
CREATE INDEX audit_events_of_object ON audit_events (object_id, at);
