-- The audit log: who changed what. Rows are added and never changed; the one way out is identity.prune_audit_log(), for what is past its retention.
CREATE TABLE identity.audit_entry (
  -- UUIDv7 of the same moment as `at`: the order of the log and of its pages, and a range of times is a range of ids.
  id uuid PRIMARY KEY,
  at timestamptz NOT NULL,
  -- Who, as called then. No account: the system, or somebody who had not signed in.
  account_id uuid,
  actor text NOT NULL CHECK (length(actor) BETWEEN 1 AND 254),
  means text NOT NULL CHECK (means IN ('session', 'api_token', 'anonymous', 'system')),
  credential text CHECK (length(credential) <= 100),
  on_behalf_of uuid,
  client_address inet,
  user_agent text CHECK (length(user_agent) <= 300),
  request_id text CHECK (length(request_id) <= 64),
  action text NOT NULL CHECK (action ~ '^[a-z][a-z_]*\.[a-z][a-z_]*$' AND length(action) <= 60),
  subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
  -- The account that the subject is, so that it can read what others did to it.
  subject_account_id uuid,
  organization_id uuid,
  before jsonb,
  after jsonb
);
CREATE INDEX audit_entry_organization ON identity.audit_entry (organization_id, id) WHERE organization_id IS NOT NULL;
CREATE INDEX audit_entry_account ON identity.audit_entry (account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX audit_entry_subject_account ON identity.audit_entry (subject_account_id, id) WHERE subject_account_id IS NOT NULL;
CREATE INDEX audit_entry_subject ON identity.audit_entry (subject, id);

GRANT INSERT, SELECT ON identity.audit_entry TO tollgate_app;
GRANT INSERT ON identity.audit_entry TO tollgate_worker;

ALTER TABLE identity.audit_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.audit_entry FORCE ROW LEVEL SECURITY;

CREATE POLICY reads ON identity.audit_entry FOR SELECT TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations())
    OR account_id = foundation.current_account() OR subject_account_id = foundation.current_account());
CREATE POLICY operator ON identity.audit_entry FOR SELECT TO tollgate_app USING (foundation.current_operator());
-- Nobody writes in another's name, nor into the log of an organization that is not theirs. One that this transaction made or joined is known by its member.
CREATE POLICY writes ON identity.audit_entry FOR INSERT TO tollgate_app
  WITH CHECK ((account_id IS NOT DISTINCT FROM foundation.current_account() OR (account_id IS NULL AND means = 'system'))
    AND (organization_id IS NULL OR organization_id = ANY (foundation.current_organizations()) OR foundation.current_operator()
      OR EXISTS (SELECT FROM identity.member m WHERE m.organization_id = audit_entry.organization_id AND m.account_id = foundation.current_account())));
CREATE POLICY worker ON identity.audit_entry FOR INSERT TO tollgate_worker WITH CHECK (true);

-- Whatever is granted one day: a statement that would change or remove entries fails before it looks at a row. Only the owner may delete, inside
-- prune_audit_log(), and what it sees is bound by its policy to what is old.
CREATE FUNCTION identity.refuse_audit_change() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_user = 'tollgate_owner' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'The audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON identity.audit_entry FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_audit_change();

CREATE POLICY retention ON identity.audit_entry FOR SELECT TO tollgate_owner USING (at < now() - interval '365 days');
CREATE POLICY retention_deletes ON identity.audit_entry FOR DELETE TO tollgate_owner USING (at < now() - interval '365 days');

-- Removes at most `most` of the oldest entries from before `past`; answers how many. Nothing of the last 365 days goes, whoever asks.
CREATE FUNCTION identity.prune_audit_log(past timestamptz, most integer) RETURNS integer
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH gone AS (
    DELETE FROM identity.audit_entry WHERE id IN (
      SELECT id FROM identity.audit_entry WHERE at < least(past, now() - interval '365 days') ORDER BY id LIMIT most) RETURNING 1)
  SELECT count(*)::integer FROM gone
$$;
REVOKE ALL ON FUNCTION identity.prune_audit_log(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity.prune_audit_log(timestamptz, integer) TO tollgate_worker;

-- An operator's look over all tenants is a policy of its own; it reads, and whoever opens it writes into the audit log.
CREATE POLICY operator ON identity.account FOR SELECT TO tollgate_app USING (foundation.current_operator());
CREATE POLICY operator ON identity.organization FOR SELECT TO tollgate_app USING (foundation.current_operator());
CREATE POLICY operator ON identity.member FOR SELECT TO tollgate_app USING (foundation.current_operator());
CREATE POLICY operator ON identity.session FOR SELECT TO tollgate_app USING (foundation.current_operator());
