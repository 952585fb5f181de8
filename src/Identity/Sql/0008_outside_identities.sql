-- Persons of outside OpenID Connect providers, and the accounts that they are.
CREATE TABLE identity.outside_identity (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES identity.account,
  provider text NOT NULL,
  issuer text NOT NULL,
  subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
  -- As the provider last gave it when they were connected: shown, never looked for.
  email text,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz NOT NULL,
  UNIQUE (issuer, subject),
  UNIQUE (account_id, issuer)
);

ALTER TABLE identity.challenge DROP CONSTRAINT challenge_kind_check;
ALTER TABLE identity.challenge ADD CONSTRAINT challenge_kind_check CHECK (kind IN
  ('verify_email', 'change_email', 'reset_password', 'mail_sign_in', 'second_factor', 'passkey_registration', 'passkey_assertion', 'oidc_sign_in'));

GRANT SELECT (id, account_id, provider, email, created_at, last_used_at) ON identity.outside_identity TO tollgate_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.outside_identity TO tollgate_worker;
ALTER TABLE identity.outside_identity ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.outside_identity FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON identity.outside_identity FOR SELECT TO tollgate_app USING (account_id = foundation.current_account());
CREATE POLICY worker ON identity.outside_identity TO tollgate_worker USING (true) WITH CHECK (true);

-- An account whose address is proved by its owner drops what whoever registered it before had.
GRANT UPDATE (ended_at) ON identity.api_token TO tollgate_worker;
