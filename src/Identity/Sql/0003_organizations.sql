-- Organizations that change: their slugs, members, invitations, and their end.

-- Every slug that an organization has or had: one that was given up leads to the new one and is nobody else's until it is released.
CREATE TABLE identity.organization_slug (
  slug text PRIMARY KEY,
  organization_id uuid NOT NULL REFERENCES identity.organization DEFERRABLE INITIALLY DEFERRED,
  retired_at timestamptz,
  held_until timestamptz,
  CHECK ((retired_at IS NULL) = (held_until IS NULL))
);
CREATE INDEX organization_slug_organization ON identity.organization_slug (organization_id);
CREATE INDEX organization_slug_held ON identity.organization_slug (held_until) WHERE held_until IS NOT NULL;

-- The owner is bound too; nobody else is connected to these rows while this runs.
ALTER TABLE identity.organization NO FORCE ROW LEVEL SECURITY;
INSERT INTO identity.organization_slug (slug, organization_id) SELECT slug, id FROM identity.organization;
ALTER TABLE identity.organization FORCE ROW LEVEL SECURITY;

ALTER TABLE identity.organization ADD COLUMN removed_at timestamptz;

-- The secret in the mail is kept as its SHA-256. One open invitation an address and organization; a new one takes its place.
CREATE TABLE identity.invitation (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL REFERENCES identity.organization,
  email text NOT NULL CHECK (email = lower(email) AND length(email) <= 254),
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'billing', 'viewer')),
  digest bytea NOT NULL UNIQUE,
  invited_by uuid NOT NULL,
  inviter_name text NOT NULL,
  organization_name text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  outcome text CHECK (outcome IN ('accepted', 'declined', 'withdrawn')),
  CHECK ((ended_at IS NULL) = (outcome IS NULL))
);
CREATE UNIQUE INDEX invitation_open ON identity.invitation (organization_id, email) WHERE ended_at IS NULL;

GRANT INSERT, UPDATE (slug, name, time_zone, updated_at, removed_at) ON identity.organization TO tollgate_app;
GRANT INSERT, UPDATE (role), DELETE ON identity.member TO tollgate_app;
GRANT SELECT, INSERT, UPDATE (retired_at, held_until), DELETE ON identity.organization_slug TO tollgate_app;
GRANT SELECT, INSERT ON identity.organization_slug TO tollgate_worker;
GRANT SELECT, INSERT, UPDATE (ended_at, outcome) ON identity.invitation TO tollgate_app;

ALTER TABLE identity.organization_slug ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.organization_slug FORCE ROW LEVEL SECURITY;
ALTER TABLE identity.invitation ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.invitation FORCE ROW LEVEL SECURITY;

-- Members of an organization see each other's name and address.
CREATE POLICY colleague ON identity.account FOR SELECT TO tollgate_app
  USING (EXISTS (SELECT FROM identity.member m WHERE m.account_id = account.id AND m.organization_id = ANY (foundation.current_organizations())));
CREATE POLICY tenant_insert ON identity.member FOR INSERT TO tollgate_app WITH CHECK (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY tenant_update ON identity.member FOR UPDATE TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations())) WITH CHECK (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY tenant_delete ON identity.member FOR DELETE TO tollgate_app USING (organization_id = ANY (foundation.current_organizations()));
-- At sign-in only the account is known.
CREATE POLICY tenant ON identity.organization_slug TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations())
    OR EXISTS (SELECT FROM identity.member m WHERE m.organization_id = organization_slug.organization_id AND m.account_id = foundation.current_account()))
  WITH CHECK (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY tenant ON identity.invitation TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations())) WITH CHECK (organization_id = ANY (foundation.current_organizations()));
-- An invitation is bound to its address: the account that has it sees and answers it.
CREATE POLICY invited ON identity.invitation FOR SELECT TO tollgate_app
  USING (EXISTS (SELECT FROM identity.account a WHERE a.id = foundation.current_account() AND a.email = invitation.email));
CREATE POLICY invited_answers ON identity.invitation FOR UPDATE TO tollgate_app
  USING (EXISTS (SELECT FROM identity.account a WHERE a.id = foundation.current_account() AND a.email = invitation.email));

CREATE POLICY worker ON identity.organization_slug TO tollgate_worker USING (true) WITH CHECK (true);
