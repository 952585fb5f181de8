CREATE SCHEMA catalog;
GRANT USAGE ON SCHEMA catalog TO tollgate_app, tollgate_worker;

CREATE TABLE catalog.category (
  slug text PRIMARY KEY,
  name text NOT NULL,
  position integer NOT NULL
);
INSERT INTO catalog.category (slug, name, position) VALUES
  ('ai', 'AI', 1), ('data', 'Data', 2), ('developer-tools', 'Developer tools', 3), ('finance', 'Finance', 4), ('communication', 'Communication', 5),
  ('commerce', 'Commerce', 6), ('maps', 'Maps', 7), ('weather', 'Weather', 8), ('media', 'Media', 9), ('other', 'Other', 99);
GRANT SELECT ON catalog.category TO tollgate_app, tollgate_worker;

-- What a search looks through. The words of the name weigh most, then summary and tags, then the description. All words are there a second time as they are
-- written, for the beginning of the word that is being typed; without places, so that no phrase is found across the copies. Immutable, as a generated
-- column demands: the configurations are named.
CREATE FUNCTION catalog.search_document(name text, summary text, tags text[], description text, organization text) RETURNS tsvector
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
    SELECT pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.english', name), 'A')
      || pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.english', summary), 'B')
      || pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.english', pg_catalog.array_to_string(tags, ' ')), 'B')
      || pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.english', description), 'C')
      || pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.english', organization), 'D')
      || pg_catalog.strip(pg_catalog.to_tsvector('pg_catalog.simple', pg_catalog.concat_ws(' ', name, summary, pg_catalog.array_to_string(tags, ' '), description, organization)))
  $$;

CREATE TABLE catalog.listing (
  api_id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  organization_slug text NOT NULL,
  organization_name text NOT NULL,
  slug text NOT NULL,
  name text NOT NULL,
  summary text NOT NULL,
  description text NOT NULL,
  category text NOT NULL,
  tags text[] NOT NULL,
  version integer NOT NULL,
  endpoint_count integer NOT NULL,
  published boolean NOT NULL,
  published_at timestamptz NOT NULL,
  price_amount bigint,
  price_currency text,
  price_interval text,
  free_plan boolean NOT NULL,
  price_order numeric,
  search tsvector NOT NULL GENERATED ALWAYS AS (catalog.search_document(name, summary, tags, left(description, 100000), organization_name)) STORED,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CHECK ((price_amount IS NULL) = (price_currency IS NULL) AND (price_amount IS NULL) = (price_interval IS NULL))
);
COMMENT ON COLUMN catalog.listing.price_amount IS 'The cheapest plan that costs something';
COMMENT ON COLUMN catalog.listing.price_order IS 'Major units a month of the cheapest plan, 0 with a free one, null without a plan';
CREATE INDEX listing_search ON catalog.listing USING gin (search) WHERE published;
CREATE UNIQUE INDEX listing_address ON catalog.listing (organization_slug, slug) WHERE published;
CREATE INDEX listing_category ON catalog.listing (category) WHERE published;

-- How a listing does, over all tenants: written by a job, sums only.
CREATE TABLE catalog.listing_statistics (
  api_id uuid PRIMARY KEY REFERENCES catalog.listing (api_id) ON DELETE CASCADE,
  organization_id uuid NOT NULL,
  subscriber_count bigint NOT NULL,
  requests_30d bigint NOT NULL,
  latency_ms_p50 double precision,
  success_rate double precision,
  rating numeric,
  rating_count bigint NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON catalog.listing TO tollgate_app;
GRANT SELECT ON catalog.listing TO tollgate_worker;
GRANT SELECT ON catalog.listing_statistics TO tollgate_app;
GRANT SELECT, INSERT, UPDATE ON catalog.listing_statistics TO tollgate_worker;

ALTER TABLE catalog.listing ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE catalog.listing_statistics ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY publisher ON catalog.listing TO tollgate_app
  USING (organization_id = ANY (foundation.current_organizations()))
  WITH CHECK (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY published ON catalog.listing FOR SELECT TO tollgate_app USING (published);
CREATE POLICY worker ON catalog.listing FOR SELECT TO tollgate_worker USING (true);

-- Of every listing that the reader may see, and its publisher's in any case.
CREATE POLICY publisher ON catalog.listing_statistics FOR SELECT TO tollgate_app USING (organization_id = ANY (foundation.current_organizations()));
CREATE POLICY visible ON catalog.listing_statistics FOR SELECT TO tollgate_app USING (EXISTS (
  SELECT FROM catalog.listing l WHERE l.api_id = listing_statistics.api_id));
CREATE POLICY worker ON catalog.listing_statistics TO tollgate_worker USING (true) WITH CHECK (true);
