-- Accounts, the organizations that they are members of, and their sessions.
CREATE SCHEMA identity;
GRANT USAGE ON SCHEMA identity TO tollgate_app, tollgate_worker;

CREATE TABLE identity.account (
  id uuid PRIMARY KEY,
  email text NOT NULL CHECK (email = lower(email) AND length(email) <= 254),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  password_hash text NOT NULL,
  role text NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin')),
  disabled_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX account_email ON identity.account (email);

CREATE TABLE identity.organization (
  id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9](-?[a-z0-9])*$' AND length(slug) <= 60),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  time_zone text NOT NULL DEFAULT 'UTC',
  personal boolean NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE identity.member (
  organization_id uuid NOT NULL REFERENCES identity.organization,
  account_id uuid NOT NULL REFERENCES identity.account,
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'billing', 'viewer')),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, account_id)
);
CREATE INDEX member_account ON identity.member (account_id);

-- A session is also the family of its refresh tokens: a token used twice ends it.
CREATE TABLE identity.session (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES identity.account,
  device text NOT NULL,
  user_agent text NOT NULL,
  client_address inet,
  created_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  ended_reason text
);
CREATE INDEX session_account ON identity.session (account_id, created_at);

CREATE TABLE identity.refresh_token (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES identity.account,
  session_id uuid NOT NULL REFERENCES identity.session ON DELETE CASCADE,
  parent_id uuid REFERENCES identity.refresh_token ON DELETE CASCADE,
  digest bytea NOT NULL UNIQUE,
  issued_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX refresh_token_session ON identity.refresh_token (session_id);
CREATE UNIQUE INDEX refresh_token_one_successor ON identity.refresh_token (parent_id);

-- Keys that the module makes for itself, sealed: the signing key of access tokens, the key that derives refresh tokens, the key of CSRF tokens.
CREATE TABLE identity.module_key (
  id uuid PRIMARY KEY,
  purpose text NOT NULL UNIQUE,
  sealed bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Not the password's hash: no request needs it once somebody is signed in.
GRANT SELECT (id, email, name, role, disabled_at, created_at) ON identity.account TO tollgate_app;
GRANT SELECT, INSERT, UPDATE ON identity.account TO tollgate_worker;
GRANT SELECT ON identity.organization TO tollgate_app;
GRANT SELECT, INSERT ON identity.organization TO tollgate_worker;
GRANT SELECT ON identity.member TO tollgate_app;
GRANT SELECT, INSERT ON identity.member TO tollgate_worker;
GRANT SELECT ON identity.session TO tollgate_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.session TO tollgate_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.refresh_token TO tollgate_worker;
GRANT SELECT, INSERT ON identity.module_key TO tollgate_worker;

ALTER TABLE identity.account ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.account FORCE ROW LEVEL SECURITY;
ALTER TABLE identity.organization ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.organization FORCE ROW LEVEL SECURITY;
ALTER TABLE identity.member ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.member FORCE ROW LEVEL SECURITY;
ALTER TABLE identity.session ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.session FORCE ROW LEVEL SECURITY;
ALTER TABLE identity.refresh_token ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.refresh_token FORCE ROW LEVEL SECURITY;

CREATE POLICY own ON identity.account TO tollgate_app USING (id = foundation.current_account());
CREATE POLICY own ON identity.session TO tollgate_app USING (account_id = foundation.current_account());
CREATE POLICY tenant ON identity.member FOR SELECT TO tollgate_app
  USING (account_id = foundation.current_account() OR organization_id = ANY (foundation.current_organizations()));
-- At sign-in only the account is known; its organizations follow from its memberships.
CREATE POLICY tenant ON identity.organization TO tollgate_app
  USING (id = ANY (foundation.current_organizations())
    OR EXISTS (SELECT FROM identity.member WHERE member.organization_id = organization.id AND member.account_id = foundation.current_account()));

-- Registering, signing in and refreshing happen before anybody is known: they run as the worker, in this module only.
CREATE POLICY worker ON identity.account TO tollgate_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON identity.organization TO tollgate_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON identity.member TO tollgate_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON identity.session TO tollgate_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON identity.refresh_token TO tollgate_worker USING (true) WITH CHECK (true);
