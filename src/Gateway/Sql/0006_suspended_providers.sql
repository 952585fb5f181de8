-- The providers that are suspended, as an operator's transaction said. `api.suspended` is what the routes read, and a guard holds it to this: no transaction of a
-- provider's own makes an API served again, or a new one that is. Of an organization that was suspended without an API before this file, the code alone knows.
CREATE TABLE gateway.suspended_provider (organization_id uuid PRIMARY KEY);

-- The owner is bound too; nobody else is connected to these rows while this runs.
ALTER TABLE gateway.api NO FORCE ROW LEVEL SECURITY;
INSERT INTO gateway.suspended_provider SELECT DISTINCT organization_id FROM gateway.api WHERE suspended;
ALTER TABLE gateway.api FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT, DELETE ON gateway.suspended_provider TO tollgate_app;
ALTER TABLE gateway.suspended_provider ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY provider ON gateway.suspended_provider FOR SELECT TO tollgate_app USING (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY operator ON gateway.suspended_provider TO tollgate_app USING (foundation.current_operator()) WITH CHECK (foundation.current_operator());

CREATE FUNCTION gateway.hold_suspension() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.suspended <> EXISTS (SELECT FROM gateway.suspended_provider p WHERE p.organization_id = NEW.organization_id) THEN
    RAISE EXCEPTION 'An API is suspended while its provider is, and only then' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER hold_suspension BEFORE INSERT OR UPDATE OF suspended ON gateway.api
  FOR EACH ROW WHEN (current_user = 'tollgate_app') EXECUTE FUNCTION gateway.hold_suspension();
