-- An authenticator app that waits for its first code: an account's first one, or one that is to take the place of another, which goes on working until then.
CREATE TABLE identity.totp_offer (
  account_id uuid PRIMARY KEY REFERENCES identity.account,
  sealed bytea NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX totp_offer_expires ON identity.totp_offer (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON identity.totp_offer TO tollgate_worker;
ALTER TABLE identity.totp_offer ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY worker ON identity.totp_offer TO tollgate_worker USING (true) WITH CHECK (true);
