-- Organizations that those who run the installation have suspended. Its members read why; only an operator's transaction writes here.
CREATE TABLE identity.suspension (
  organization_id uuid PRIMARY KEY REFERENCES identity.organization,
  suspended_at timestamptz NOT NULL,
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500)
);

GRANT SELECT, INSERT, DELETE ON identity.suspension TO tollgate_app;
GRANT SELECT ON identity.suspension TO tollgate_worker;
ALTER TABLE identity.suspension ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- At sign-in only the account is known.
CREATE POLICY tenant ON identity.suspension FOR SELECT TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations())
    OR EXISTS (SELECT FROM identity.member m WHERE m.organization_id = suspension.organization_id AND m.account_id = foundation.current_account()));
CREATE POLICY operator ON identity.suspension TO tollgate_app USING (foundation.current_operator()) WITH CHECK (foundation.current_operator());
CREATE POLICY worker ON identity.suspension FOR SELECT TO tollgate_worker USING (true);
