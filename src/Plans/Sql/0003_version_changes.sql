-- Which version a subscription was on before it came back on another: usage that is told of later is priced by the version under which it was used.
CREATE TABLE plans.version_change (
  subscription_id uuid NOT NULL REFERENCES plans.subscription (id),
  changed_at timestamptz NOT NULL,
  version_before integer NOT NULL,
  organization_id uuid NOT NULL,
  provider_organization_id uuid NOT NULL,
  PRIMARY KEY (subscription_id, changed_at)
);
COMMENT ON COLUMN plans.version_change.organization_id IS 'The consumer';

GRANT SELECT, INSERT ON plans.version_change TO tollgate_app;

ALTER TABLE plans.version_change ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY consumer ON plans.version_change TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations()))
  WITH CHECK (organization_id = ANY (foundation.current_organizations()) AND EXISTS (
    SELECT FROM plans.subscription s WHERE s.id = subscription_id AND s.organization_id = version_change.organization_id
      AND s.provider_organization_id = version_change.provider_organization_id));
CREATE POLICY provider ON plans.version_change FOR SELECT TO tollgate_app
  USING (provider_organization_id = ANY (foundation.current_organizations()));
