CREATE SCHEMA admission;
GRANT USAGE ON SCHEMA admission TO tollgate_app, tollgate_worker;

-- Credentials of subscriptions. The secret itself is nowhere: only its SHA-256, and that only the worker may read.
CREATE TABLE admission.key (
  id uuid PRIMARY KEY,
  subscription_id uuid NOT NULL,
  organization_id uuid NOT NULL,
  provider_organization_id uuid NOT NULL,
  name text NOT NULL,
  prefix text NOT NULL,
  digest bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
  created_by uuid,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);
COMMENT ON COLUMN admission.key.organization_id IS 'The consumer. The provider never sees its subscribers'' keys';
COMMENT ON COLUMN admission.key.last_used_at IS 'To the minute or so; written in batches, and no change that a node needs to hear of';
CREATE INDEX key_subscription ON admission.key (subscription_id, id);

CREATE CONSTRAINT TRIGGER record_change AFTER INSERT OR UPDATE OF expires_at, revoked_at OR DELETE ON admission.key
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION foundation.record_change('key');

GRANT INSERT ON admission.key TO tollgate_app;
GRANT SELECT (id, subscription_id, organization_id, provider_organization_id, name, prefix, created_by, created_at, expires_at, revoked_at, last_used_at)
  ON admission.key TO tollgate_app;
GRANT UPDATE (revoked_at) ON admission.key TO tollgate_app;
GRANT SELECT, UPDATE (last_used_at) ON admission.key TO tollgate_worker;

ALTER TABLE admission.key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY consumer ON admission.key TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations()))
  WITH CHECK (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY worker_reads ON admission.key FOR SELECT TO tollgate_worker USING (true);
CREATE POLICY worker_marks_use ON admission.key FOR UPDATE TO tollgate_worker USING (true) WITH CHECK (true);

-- The processes that admit calls. Limits live in each, so how many there are decides who may. No tenant's data.
CREATE TABLE admission.node (
  id uuid PRIMARY KEY,
  started_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON admission.node TO tollgate_worker;
ALTER TABLE admission.node ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY worker ON admission.node TO tollgate_worker USING (true) WITH CHECK (true);
