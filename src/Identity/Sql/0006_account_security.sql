-- Verified addresses, what proves somebody for a moment, guesses, second factors and passkeys.
ALTER TABLE identity.account ADD COLUMN email_verified_at timestamptz;
ALTER TABLE identity.account ADD COLUMN deleted_at timestamptz;
-- Nobody has proved an address until now; the operators' were given by themselves. The owner is bound by row-level security too, so it is lifted for the moment.
ALTER TABLE identity.account NO FORCE ROW LEVEL SECURITY;
UPDATE identity.account SET email_verified_at = created_at WHERE role = 'admin';
ALTER TABLE identity.account FORCE ROW LEVEL SECURITY;
GRANT SELECT (email_verified_at, deleted_at) ON identity.account TO tollgate_app;

-- When this session last showed a password or a factor; null: at its beginning.
ALTER TABLE identity.session ADD COLUMN authenticated_at timestamptz;

-- A question that is answered once: a code or link in a mail, a second step, a passkey's challenge. Without an account it is one that looks like one.
CREATE TABLE identity.challenge (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('verify_email', 'change_email', 'reset_password', 'mail_sign_in', 'second_factor', 'passkey_registration', 'passkey_assertion')),
  account_id uuid REFERENCES identity.account,
  email text,
  -- SHA-256 of 256 random bits: of the link, and of what the asker alone has.
  secret_digest bytea UNIQUE,
  binding_digest bytea,
  -- Argon2id of a short code.
  code_hash text,
  state text,
  attempts integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX challenge_email ON identity.challenge (email, kind, created_at) WHERE email IS NOT NULL;
CREATE INDEX challenge_account ON identity.challenge (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX challenge_expires ON identity.challenge (expires_at);

-- Guesses, by the digest of what is guessed at and by where they come from.
CREATE TABLE identity.attempt (
  subject bytea NOT NULL,
  source text NOT NULL,
  count integer NOT NULL,
  ends_at timestamptz NOT NULL,
  PRIMARY KEY (subject, source)
);
CREATE INDEX attempt_ends ON identity.attempt (ends_at);

-- Browsers that an account has signed in with: strangers' guesses are never counted for them.
CREATE TABLE identity.known_device (
  account_id uuid NOT NULL REFERENCES identity.account,
  digest bytea NOT NULL,
  last_used_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, digest)
);

CREATE TABLE identity.totp (
  account_id uuid PRIMARY KEY REFERENCES identity.account,
  sealed bytea NOT NULL,
  created_at timestamptz NOT NULL,
  confirmed_at timestamptz,
  -- The step of the last code that was taken: it and those before are not taken again.
  last_step bigint NOT NULL DEFAULT 0
);

CREATE TABLE identity.recovery_code (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES identity.account,
  code_hash text NOT NULL,
  used_at timestamptz
);
CREATE INDEX recovery_code_account ON identity.recovery_code (account_id);

CREATE TABLE identity.passkey (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES identity.account,
  credential_id bytea NOT NULL UNIQUE,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  public_key bytea NOT NULL,
  sign_count bigint NOT NULL,
  transports text[] NOT NULL,
  user_verified boolean NOT NULL,
  backup_eligible boolean NOT NULL,
  backed_up boolean NOT NULL,
  attestation_object bytea NOT NULL,
  client_data bytea NOT NULL,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz
);
CREATE INDEX passkey_account ON identity.passkey (account_id, created_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON identity.challenge, identity.attempt, identity.known_device, identity.totp, identity.recovery_code, identity.passkey TO tollgate_worker;
-- A request sees of its own account's factors that they are there, and nothing that proves anybody.
GRANT SELECT (account_id, confirmed_at) ON identity.totp TO tollgate_app;
GRANT SELECT (id, account_id, used_at) ON identity.recovery_code TO tollgate_app;
GRANT SELECT (id, account_id, name, created_at, last_used_at) ON identity.passkey TO tollgate_app;
-- A deleted account leaves its organizations, and its own loses its name.
GRANT DELETE ON identity.member TO tollgate_worker;
GRANT UPDATE ON identity.organization TO tollgate_worker;
GRANT DELETE ON identity.organization_slug TO tollgate_worker;

ALTER TABLE identity.challenge ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.challenge FORCE ROW LEVEL SECURITY;
ALTER TABLE identity.attempt ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.attempt FORCE ROW LEVEL SECURITY;
ALTER TABLE identity.known_device ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.known_device FORCE ROW LEVEL SECURITY;
ALTER TABLE identity.totp ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.totp FORCE ROW LEVEL SECURITY;
ALTER TABLE identity.recovery_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.recovery_code FORCE ROW LEVEL SECURITY;
ALTER TABLE identity.passkey ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.passkey FORCE ROW LEVEL SECURITY;

CREATE POLICY own ON identity.totp FOR SELECT TO tollgate_app USING (account_id = foundation.current_account());
CREATE POLICY own ON identity.recovery_code FOR SELECT TO tollgate_app USING (account_id = foundation.current_account());
CREATE POLICY own ON identity.passkey FOR SELECT TO tollgate_app USING (account_id = foundation.current_account());
CREATE POLICY worker ON identity.challenge TO tollgate_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON identity.attempt TO tollgate_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON identity.known_device TO tollgate_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON identity.totp TO tollgate_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON identity.recovery_code TO tollgate_worker USING (true) WITH CHECK (true);
CREATE POLICY worker ON identity.passkey TO tollgate_worker USING (true) WITH CHECK (true);
