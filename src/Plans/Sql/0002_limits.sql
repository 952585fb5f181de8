-- Limits besides a plan's allowances: how many calls may be in flight at once (the plan's), what a provider allows one subscription instead of its plan's
-- amount, and what a consumer wants a period to cost at most.

ALTER TABLE plans.plan_version ADD COLUMN concurrency integer CHECK (concurrency > 0);
ALTER TABLE plans.entitlement_snapshot ADD COLUMN concurrency integer;
GRANT UPDATE (concurrency) ON plans.entitlement_snapshot TO tollgate_app;

CREATE TABLE plans.allowance_override (
  subscription_id uuid NOT NULL REFERENCES plans.subscription (id),
  meter text NOT NULL,
  time_window text NOT NULL,
  amount bigint NOT NULL CHECK (amount >= 0),
  organization_id uuid NOT NULL,
  provider_organization_id uuid NOT NULL,
  set_by uuid NOT NULL,
  set_at timestamptz NOT NULL,
  PRIMARY KEY (subscription_id, meter, time_window)
);
COMMENT ON COLUMN plans.allowance_override.organization_id IS 'The consumer';

CREATE TABLE plans.spend_cap (
  subscription_id uuid PRIMARY KEY REFERENCES plans.subscription (id),
  organization_id uuid NOT NULL,
  amount bigint NOT NULL CHECK (amount >= 0),
  set_by uuid NOT NULL,
  set_at timestamptz NOT NULL
);
COMMENT ON COLUMN plans.spend_cap.amount IS 'Minor units of the plan''s currency, beyond the plan''s price, in a billing period';

-- Both are part of what a subscriber may use now.
CREATE CONSTRAINT TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON plans.allowance_override
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION foundation.record_change('entitlement', 'subscription_id');
CREATE CONSTRAINT TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON plans.spend_cap
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION foundation.record_change('entitlement', 'subscription_id');

GRANT SELECT, INSERT, UPDATE, DELETE ON plans.allowance_override, plans.spend_cap TO tollgate_app;
GRANT SELECT ON plans.allowance_override, plans.spend_cap, plans.plan, plans.plan_version TO tollgate_worker;

ALTER TABLE plans.allowance_override ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE plans.spend_cap ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY provider ON plans.allowance_override TO tollgate_app
  USING (provider_organization_id = ANY (foundation.current_organizations()))
  WITH CHECK (provider_organization_id = ANY (foundation.current_organizations()) AND EXISTS (
    SELECT FROM plans.subscription s WHERE s.id = subscription_id AND s.organization_id = allowance_override.organization_id
      AND s.provider_organization_id = allowance_override.provider_organization_id));
CREATE POLICY consumer ON plans.allowance_override FOR SELECT TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY worker ON plans.allowance_override FOR SELECT TO tollgate_worker USING (true);
CREATE POLICY consumer ON plans.spend_cap TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations()))
  WITH CHECK (organization_id = ANY (foundation.current_organizations()) AND EXISTS (
    SELECT FROM plans.subscription s WHERE s.id = subscription_id AND s.organization_id = spend_cap.organization_id));
CREATE POLICY worker ON plans.spend_cap FOR SELECT TO tollgate_worker USING (true);
-- What has been spent is rated from the plan's versions.
CREATE POLICY worker ON plans.plan FOR SELECT TO tollgate_worker USING (true);
CREATE POLICY worker ON plans.plan_version FOR SELECT TO tollgate_worker USING (true);
