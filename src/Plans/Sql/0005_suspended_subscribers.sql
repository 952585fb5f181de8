-- The consumers that are suspended, as an operator's transaction said. `subscription.suspended` is what is derived from, and guards hold it, and what was derived, to
-- this: no transaction of a consumer's own makes a subscription serve again, or a new one that does. Of an organization that was suspended without a subscription before
-- this file, the code alone knows.
CREATE TABLE plans.suspended_subscriber (organization_id uuid PRIMARY KEY);

-- The owner is bound too; nobody else is connected to these rows while this runs.
ALTER TABLE plans.subscription NO FORCE ROW LEVEL SECURITY;
INSERT INTO plans.suspended_subscriber SELECT DISTINCT organization_id FROM plans.subscription WHERE suspended;
ALTER TABLE plans.subscription FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT, DELETE ON plans.suspended_subscriber TO tollgate_app;
ALTER TABLE plans.suspended_subscriber ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY consumer ON plans.suspended_subscriber FOR SELECT TO tollgate_app USING (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY operator ON plans.suspended_subscriber TO tollgate_app USING (foundation.current_operator()) WITH CHECK (foundation.current_operator());

CREATE FUNCTION plans.hold_suspension() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.suspended <> EXISTS (SELECT FROM plans.suspended_subscriber c WHERE c.organization_id = NEW.organization_id) THEN
    RAISE EXCEPTION 'A subscription is suspended while its consumer is, and only then' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER hold_suspension BEFORE INSERT OR UPDATE OF suspended ON plans.subscription
  FOR EACH ROW WHEN (current_user = 'tollgate_app') EXECUTE FUNCTION plans.hold_suspension();

CREATE FUNCTION plans.refuse_suspended() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM plans.subscription s WHERE s.id = NEW.subscription_id AND s.suspended) THEN
    RAISE EXCEPTION 'Nothing serves of a consumer that is suspended' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER refuse_suspended BEFORE INSERT OR UPDATE OF active ON plans.entitlement_snapshot
  FOR EACH ROW WHEN (NEW.active AND current_user = 'tollgate_app') EXECUTE FUNCTION plans.refuse_suspended();
