-- What a provider allows all consumers of a product together, so that its upstream is not overrun.
CREATE TABLE admission.product_limit (
  product_id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  limits jsonb NOT NULL CHECK (jsonb_typeof(limits) = 'array'),
  set_by uuid NOT NULL,
  set_at timestamptz NOT NULL
);
COMMENT ON COLUMN admission.product_limit.organization_id IS 'The provider';
CREATE CONSTRAINT TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON admission.product_limit
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION foundation.record_change('product_limit', 'product_id');

GRANT SELECT, INSERT, UPDATE, DELETE ON admission.product_limit TO tollgate_app;
GRANT SELECT ON admission.product_limit TO tollgate_worker;
ALTER TABLE admission.product_limit ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY provider ON admission.product_limit TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations()))
  WITH CHECK (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY worker ON admission.product_limit FOR SELECT TO tollgate_worker USING (true);
