-- API tokens stand for their account, within their scopes and perhaps one organization. Kept as SHA-256 of 178 random bits.
CREATE TABLE identity.api_token (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES identity.account,
  organization_id uuid REFERENCES identity.organization,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  prefix text NOT NULL,
  scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
  digest bytea NOT NULL UNIQUE,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  last_used_at timestamptz,
  ended_at timestamptz
);
CREATE INDEX api_token_account ON identity.api_token (account_id, id);
CREATE INDEX api_token_organization ON identity.api_token (organization_id, id) WHERE organization_id IS NOT NULL;

GRANT INSERT, SELECT (id, account_id, organization_id, name, prefix, scopes, created_at, expires_at, last_used_at, ended_at), UPDATE (ended_at) ON identity.api_token TO tollgate_app;
GRANT SELECT, UPDATE (last_used_at) ON identity.api_token TO tollgate_worker;

ALTER TABLE identity.api_token ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.api_token FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON identity.api_token TO tollgate_app USING (account_id = foundation.current_account()) WITH CHECK (account_id = foundation.current_account());
-- Those who manage an organization see and end the tokens that are bound to it.
CREATE POLICY tenant ON identity.api_token FOR SELECT TO tollgate_app USING (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY tenant_ends ON identity.api_token FOR UPDATE TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations())) WITH CHECK (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY worker ON identity.api_token TO tollgate_worker USING (true) WITH CHECK (true);
