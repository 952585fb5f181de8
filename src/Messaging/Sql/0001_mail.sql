-- Mails on their way. What is in one (address, text, codes, links) is ciphertext until it is sent, and nothing afterwards.
CREATE SCHEMA messaging;
GRANT USAGE ON SCHEMA messaging TO tollgate_worker;

CREATE TABLE messaging.mail (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  sealed bytea,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL,
  sent_at timestamptz,
  failed_at timestamptz,
  failure text,
  CHECK (sealed IS NOT NULL OR sent_at IS NOT NULL OR failed_at IS NOT NULL)
);
CREATE INDEX mail_waiting ON messaging.mail (next_attempt_at) WHERE sent_at IS NULL AND failed_at IS NULL;
CREATE INDEX mail_created ON messaging.mail (created_at);

-- No request reads or writes them: a mail comes through the outbox. Without a policy row-level security shows nothing to any other role.
GRANT SELECT, INSERT, UPDATE, DELETE ON messaging.mail TO tollgate_worker;
ALTER TABLE messaging.mail ENABLE ROW LEVEL SECURITY;
ALTER TABLE messaging.mail FORCE ROW LEVEL SECURITY;
CREATE POLICY worker ON messaging.mail TO tollgate_worker USING (true) WITH CHECK (true);
