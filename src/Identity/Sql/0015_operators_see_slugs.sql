-- Under which slug a removed organization was known, an operator sees, and finds it by: the row itself has none any more.
-- Not of a deleted account's personal one: it was made of the name, which is gone on purpose.
CREATE POLICY operator ON identity.organization_slug FOR SELECT TO tollgate_app
  USING (foundation.current_operator()
    AND NOT EXISTS (SELECT FROM identity.organization o WHERE o.id = organization_slug.organization_id AND o.personal AND o.removed_at IS NOT NULL));
