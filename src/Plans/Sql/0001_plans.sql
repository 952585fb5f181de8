CREATE SCHEMA plans;
GRANT USAGE ON SCHEMA plans TO tollgate_app, tollgate_worker;

-- A plan's id is stable. What it offers is in its versions, and those are never changed: nobody has a grant to update or delete one.
CREATE TABLE plans.plan (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  product_kind text NOT NULL,
  product_id uuid NOT NULL,
  name text NOT NULL,
  on_sale boolean NOT NULL,
  archived boolean NOT NULL DEFAULT false,
  current_version integer NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (id, organization_id, product_kind, product_id)
);
COMMENT ON COLUMN plans.plan.organization_id IS 'The provider';
COMMENT ON COLUMN plans.plan.on_sale IS 'The product is on sale; kept for archived plans too, so that a new plan knows';
CREATE INDEX plan_product ON plans.plan (product_id);
CREATE UNIQUE INDEX plan_name ON plans.plan (product_id, lower(name)) WHERE NOT archived;

CREATE TABLE plans.plan_version (
  plan_id uuid NOT NULL REFERENCES plans.plan (id),
  version integer NOT NULL CHECK (version > 0),
  organization_id uuid NOT NULL,
  name text NOT NULL,
  description text NOT NULL,
  price_amount bigint NOT NULL CHECK (price_amount >= 0),
  price_currency text NOT NULL,
  price_interval text NOT NULL CHECK (price_interval IN ('month', 'year')),
  allowances jsonb NOT NULL CHECK (jsonb_typeof(allowances) = 'array'),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (plan_id, version)
);

CREATE TABLE plans.subscription (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  provider_organization_id uuid NOT NULL,
  product_kind text NOT NULL,
  product_id uuid NOT NULL,
  plan_id uuid NOT NULL,
  plan_version integer NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'past_due', 'paused', 'canceled')),
  source text NOT NULL CHECK (source IN ('free', 'manual', 'stripe', 'app_store', 'google_play')),
  started_at timestamptz NOT NULL,
  anchor timestamptz NOT NULL,
  time_zone text NOT NULL,
  canceled_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CHECK ((status = 'canceled') = (canceled_at IS NOT NULL)),
  FOREIGN KEY (plan_id, provider_organization_id, product_kind, product_id)
    REFERENCES plans.plan (id, organization_id, product_kind, product_id),
  FOREIGN KEY (plan_id, plan_version) REFERENCES plans.plan_version (plan_id, version)
);
COMMENT ON COLUMN plans.subscription.organization_id IS 'The consumer';
COMMENT ON COLUMN plans.subscription.anchor IS 'Whole second that billing periods and months are counted from';
COMMENT ON COLUMN plans.subscription.time_zone IS 'IANA zone of the consumer as it was when the running period began';
CREATE UNIQUE INDEX subscription_live ON plans.subscription (organization_id, plan_id) WHERE status <> 'canceled';
CREATE INDEX subscription_product ON plans.subscription (product_id) WHERE status <> 'canceled';
CREATE INDEX subscription_newest ON plans.subscription (organization_id, id DESC);
CREATE INDEX subscription_plan ON plans.subscription (plan_id);

-- Permanent entitlements, such as a bought prompt.
CREATE TABLE plans.entitlement_grant (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  provider_organization_id uuid NOT NULL,
  product_kind text NOT NULL,
  product_id uuid NOT NULL,
  source text NOT NULL,
  granted_at timestamptz NOT NULL,
  revoked_at timestamptz,
  UNIQUE (organization_id, product_kind, product_id)
);

-- What a subscriber may use now: derived from the subscription in its transaction, and all that authorization reads.
CREATE TABLE plans.entitlement_snapshot (
  subscription_id uuid PRIMARY KEY REFERENCES plans.subscription (id),
  organization_id uuid NOT NULL,
  provider_organization_id uuid NOT NULL,
  product_kind text NOT NULL,
  product_id uuid NOT NULL,
  plan_id uuid NOT NULL,
  plan_version integer NOT NULL,
  active boolean NOT NULL,
  allowances jsonb NOT NULL,
  anchor timestamptz NOT NULL,
  price_interval text NOT NULL,
  time_zone text NOT NULL,
  valid_until timestamptz,
  period_end timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
COMMENT ON COLUMN plans.entitlement_snapshot.period_end IS 'When the snapshot is due to be renewed with the zone of the next period';
CREATE INDEX entitlement_snapshot_due ON plans.entitlement_snapshot (period_end) WHERE active;
CREATE CONSTRAINT TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON plans.entitlement_snapshot
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION foundation.record_change('entitlement', 'subscription_id');

GRANT SELECT, INSERT ON plans.plan, plans.plan_version, plans.subscription, plans.entitlement_snapshot TO tollgate_app;
GRANT UPDATE (name, on_sale, archived, current_version, updated_at) ON plans.plan TO tollgate_app;
GRANT UPDATE (plan_version, status, source, anchor, time_zone, canceled_at, updated_at) ON plans.subscription TO tollgate_app;
GRANT UPDATE (plan_version, active, allowances, anchor, price_interval, time_zone, valid_until, period_end, updated_at)
  ON plans.entitlement_snapshot TO tollgate_app;
GRANT SELECT ON plans.entitlement_grant TO tollgate_app;
GRANT SELECT ON plans.subscription, plans.entitlement_snapshot TO tollgate_worker;

ALTER TABLE plans.plan ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE plans.plan_version ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE plans.subscription ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE plans.entitlement_grant ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE plans.entitlement_snapshot ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- Plans: the provider's own; everybody's while on sale; and a subscriber's, on sale or not.
CREATE POLICY provider ON plans.plan TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations()))
  WITH CHECK (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY on_sale ON plans.plan FOR SELECT TO tollgate_app USING (on_sale AND NOT archived);
CREATE POLICY subscriber ON plans.plan FOR SELECT TO tollgate_app USING (EXISTS (
  SELECT FROM plans.subscription s WHERE s.plan_id = plan.id AND s.organization_id = ANY (foundation.current_organizations())));

-- Versions: all for the provider; the newest for everybody while on sale; up to the pinned one for a subscriber.
CREATE POLICY provider ON plans.plan_version TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations()))
  WITH CHECK (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY on_sale ON plans.plan_version FOR SELECT TO tollgate_app USING (EXISTS (
  SELECT FROM plans.plan p WHERE p.id = plan_version.plan_id AND p.current_version = plan_version.version AND p.on_sale AND NOT p.archived));
CREATE POLICY subscriber ON plans.plan_version FOR SELECT TO tollgate_app USING (EXISTS (
  SELECT FROM plans.subscription s WHERE s.plan_id = plan_version.plan_id AND s.plan_version >= plan_version.version
    AND s.organization_id = ANY (foundation.current_organizations())));

-- Subscriptions: consumer and provider see them, only the consumer writes.
CREATE POLICY consumer ON plans.subscription TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations()))
  WITH CHECK (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY provider ON plans.subscription FOR SELECT TO tollgate_app
  USING (provider_organization_id = ANY (foundation.current_organizations()));
CREATE POLICY worker ON plans.subscription FOR SELECT TO tollgate_worker USING (true);

CREATE POLICY consumer ON plans.entitlement_grant FOR SELECT TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations()));

CREATE POLICY consumer ON plans.entitlement_snapshot TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations()))
  WITH CHECK (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY worker ON plans.entitlement_snapshot FOR SELECT TO tollgate_worker USING (true);
