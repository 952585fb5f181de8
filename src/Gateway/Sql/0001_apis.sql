CREATE SCHEMA gateway;
GRANT USAGE ON SCHEMA gateway TO tollgate_app, tollgate_worker;

-- An API as buyers may see it once it is published. What only its provider may see is in gateway.api_upstream.
CREATE TABLE gateway.api (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  organization_slug text NOT NULL,
  organization_name text NOT NULL,
  slug text NOT NULL,
  host_name text,
  name text NOT NULL,
  summary text NOT NULL,
  description text NOT NULL,
  category text NOT NULL,
  tags text[] NOT NULL,
  status text NOT NULL CHECK (status IN ('draft', 'published', 'unpublished', 'archived')),
  version integer NOT NULL CHECK (version > 0),
  endpoint_count integer NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  published_at timestamptz
);
COMMENT ON COLUMN gateway.api.organization_id IS 'The provider';
COMMENT ON COLUMN gateway.api.organization_slug IS 'Copy for the address under which the gateway serves it: the data plane joins no other schema';
COMMENT ON COLUMN gateway.api.version IS 'Goes up with every edit; it is the ETag, and usage events name it';
COMMENT ON COLUMN gateway.api.published_at IS 'When it was first published';
-- An archived API gives its slug free.
CREATE UNIQUE INDEX api_slug ON gateway.api (organization_id, slug) WHERE status <> 'archived';
CREATE UNIQUE INDEX api_host_name ON gateway.api (host_name) WHERE status <> 'archived';

-- How the gateway reaches the provider's server. Never readable by another organization, published or not.
CREATE TABLE gateway.api_upstream (
  api_id uuid PRIMARY KEY REFERENCES gateway.api (id),
  organization_id uuid NOT NULL,
  upstream_url text NOT NULL,
  header_names text[] NOT NULL,
  headers bytea NOT NULL,
  signing_secret bytea NOT NULL,
  timeout_ms integer NOT NULL CHECK (timeout_ms > 0),
  updated_at timestamptz NOT NULL
);
COMMENT ON COLUMN gateway.api_upstream.headers IS 'Ciphertext of the headers with their values; the API answers names only';
COMMENT ON COLUMN gateway.api_upstream.signing_secret IS 'Ciphertext';

-- The document byte for byte as it was sent, and what was found in it.
CREATE TABLE gateway.api_document (
  api_id uuid PRIMARY KEY REFERENCES gateway.api (id),
  organization_id uuid NOT NULL,
  document bytea NOT NULL,
  media_type text NOT NULL,
  spec_version text NOT NULL,
  document_version text,
  findings jsonb NOT NULL CHECK (jsonb_typeof(findings) = 'array'),
  has_errors boolean NOT NULL,
  updated_at timestamptz NOT NULL
);

-- The operations of the document. An operation that is in the next document too keeps its id, so that its usage stays one series.
CREATE TABLE gateway.endpoint (
  id uuid PRIMARY KEY,
  api_id uuid NOT NULL REFERENCES gateway.api (id),
  organization_id uuid NOT NULL,
  position integer NOT NULL,
  method text NOT NULL,
  path text NOT NULL,
  operation_id text,
  summary text,
  tag text,
  deprecated boolean NOT NULL
);
CREATE INDEX endpoint_of_api ON gateway.endpoint (api_id, position);

CREATE CONSTRAINT TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON gateway.api
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION foundation.record_change('api');
CREATE CONSTRAINT TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON gateway.api_upstream
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION foundation.record_change('api', 'api_id');

GRANT SELECT, INSERT ON gateway.api, gateway.api_upstream, gateway.api_document, gateway.endpoint TO tollgate_app;
GRANT UPDATE (name, summary, description, category, tags, status, version, endpoint_count, updated_at, published_at) ON gateway.api TO tollgate_app;
GRANT UPDATE (upstream_url, header_names, headers, signing_secret, timeout_ms, updated_at) ON gateway.api_upstream TO tollgate_app;
GRANT UPDATE (document, media_type, spec_version, document_version, findings, has_errors, updated_at) ON gateway.api_document TO tollgate_app;
GRANT UPDATE (position, operation_id, summary, tag, deprecated), DELETE ON gateway.endpoint TO tollgate_app;
GRANT SELECT ON gateway.api, gateway.api_upstream, gateway.endpoint TO tollgate_worker;

ALTER TABLE gateway.api ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE gateway.api_upstream ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE gateway.api_document ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE gateway.endpoint ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY provider ON gateway.api TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations()))
  WITH CHECK (organization_id = ANY (foundation.current_organizations()));
-- An API that left the catalog keeps its name for those who have, or had, a subscription. Drafts are their provider's alone.
CREATE POLICY once_published ON gateway.api FOR SELECT TO tollgate_app USING (published_at IS NOT NULL);
CREATE POLICY worker ON gateway.api FOR SELECT TO tollgate_worker USING (true);

CREATE POLICY provider ON gateway.api_upstream TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations()))
  WITH CHECK (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY worker ON gateway.api_upstream FOR SELECT TO tollgate_worker USING (true);

CREATE POLICY provider ON gateway.api_document TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations()))
  WITH CHECK (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY published ON gateway.api_document FOR SELECT TO tollgate_app
  USING (EXISTS (SELECT FROM gateway.api a WHERE a.id = api_document.api_id AND a.status = 'published'));

CREATE POLICY provider ON gateway.endpoint TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations()))
  WITH CHECK (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY published ON gateway.endpoint FOR SELECT TO tollgate_app
  USING (EXISTS (SELECT FROM gateway.api a WHERE a.id = endpoint.api_id AND a.status = 'published'));
CREATE POLICY worker ON gateway.endpoint FOR SELECT TO tollgate_worker USING (true);
