-- Under which slug a removed organization was known, an operator sees, and finds it by: the row itself has none any more.
CREATE POLICY operator ON identity.organization_slug FOR SELECT TO tollgate_app USING (foundation.current_operator());
