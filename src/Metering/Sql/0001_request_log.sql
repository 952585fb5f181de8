-- The request log: one row for each usage event, by month (UTC) of the time it is billed by.
CREATE SCHEMA metering;
GRANT USAGE ON SCHEMA metering TO tollgate_app, tollgate_ingest, tollgate_worker;

-- at: the event's start, or its arrival when that lies outside [now - 40 d, now + 5 min]; started_at keeps the event's own time.
-- (journal_id, journal_offset) is the event's id; closed_offset is the place of the record that finished it, so that reconciling knows which
-- events a totals record has counted. Columns are in the order of their alignment: the row is written far more often than it is read.
CREATE TABLE metering.request_log (
  at timestamptz NOT NULL,
  started_at timestamptz NOT NULL,
  period_start timestamptz NOT NULL,
  journal_offset bigint NOT NULL,
  closed_offset bigint NOT NULL,
  duration_us bigint NOT NULL,
  upstream_us bigint,
  bytes_in bigint NOT NULL,
  bytes_out bigint NOT NULL,
  plan_version integer NOT NULL,
  api_version integer NOT NULL,
  status smallint NOT NULL,
  outcome smallint NOT NULL CHECK (outcome BETWEEN 1 AND 5),
  reason smallint NOT NULL,
  billable boolean NOT NULL,
  journal_id uuid NOT NULL,
  request_id uuid NOT NULL,
  organization_id uuid NOT NULL,
  provider_organization_id uuid NOT NULL,
  subscription_id uuid NOT NULL,
  key_id uuid,
  api_id uuid NOT NULL,
  operation_id uuid,
  method text NOT NULL,
  path text NOT NULL,
  country text,
  client_address inet,
  -- Parallel arrays of meter codes and amounts. Null is the common case: one request when billable, else nothing.
  meters smallint[],
  amounts bigint[],
  PRIMARY KEY (journal_id, journal_offset, at),
  CHECK (cardinality(meters) IS NOT DISTINCT FROM cardinality(amounts))
) PARTITION BY RANGE (at);

CREATE INDEX request_log_subscription ON metering.request_log (subscription_id, at DESC);
CREATE INDEX request_log_api ON metering.request_log (api_id, at DESC);
CREATE INDEX request_log_organization ON metering.request_log (organization_id, at DESC);
CREATE INDEX request_log_provider ON metering.request_log (provider_organization_id, at DESC);
-- Reconciling asks for the few events that are billed by arrival.
CREATE INDEX request_log_displaced ON metering.request_log (started_at) WHERE at <> started_at;

CREATE TABLE metering.request_log_default PARTITION OF metering.request_log DEFAULT;
ALTER TABLE metering.request_log_default ENABLE ROW LEVEL SECURITY;

-- Which months have a partition, and which had one: a rollup whose log is gone is never computed again.
CREATE TABLE metering.request_log_month (
  month date PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  dropped_at timestamptz
);

-- Rights are on the parent only. A row has two tenants and a policy for each. The application's role has no right to client_address:
-- it gets the consumer's own through metering.client_address below, so that no query, however wrong, shows it to a provider.
ALTER TABLE metering.request_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE metering.request_log FORCE ROW LEVEL SECURITY;
ALTER TABLE metering.request_log_month ENABLE ROW LEVEL SECURITY;
ALTER TABLE metering.request_log_month FORCE ROW LEVEL SECURITY;
CREATE POLICY consumer ON metering.request_log FOR SELECT TO tollgate_app
  USING (organization_id = ANY ((SELECT foundation.current_organizations())::uuid[]));
CREATE POLICY provider ON metering.request_log FOR SELECT TO tollgate_app
  USING (provider_organization_id = ANY ((SELECT foundation.current_organizations())::uuid[]));
CREATE POLICY ingest_read ON metering.request_log FOR SELECT TO tollgate_ingest USING (true);
CREATE POLICY ingest_write ON metering.request_log FOR INSERT TO tollgate_ingest WITH CHECK (true);
CREATE POLICY worker ON metering.request_log FOR SELECT TO tollgate_worker USING (true);
-- The functions of this schema run as the owner, which FORCE binds as well.
CREATE POLICY owner ON metering.request_log FOR SELECT TO tollgate_owner USING (true);
CREATE POLICY owner ON metering.request_log_month TO tollgate_owner USING (true) WITH CHECK (true);
CREATE POLICY worker ON metering.request_log_month FOR SELECT TO tollgate_worker USING (true);

GRANT SELECT (at, started_at, period_start, journal_offset, duration_us, upstream_us, bytes_in, bytes_out, plan_version, api_version, status, outcome,
    reason, billable, journal_id, request_id, organization_id, provider_organization_id, subscription_id, key_id, api_id, operation_id, method, path,
    country, meters, amounts)
  ON metering.request_log TO tollgate_app;
GRANT INSERT, SELECT (at, journal_id, journal_offset) ON metering.request_log TO tollgate_ingest;
GRANT SELECT (at, started_at, period_start, journal_offset, closed_offset, duration_us, bytes_in, bytes_out, plan_version, status, outcome, billable,
    journal_id, request_id, organization_id, provider_organization_id, subscription_id, api_id, meters, amounts)
  ON metering.request_log TO tollgate_worker;
GRANT SELECT ON metering.request_log_month TO tollgate_worker;

-- The client address of an event, for its consumer only. SECURITY DEFINER: column rights cannot depend on the row.
CREATE FUNCTION metering.client_address(event_journal uuid, event_offset bigint, event_at timestamptz) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT host(l.client_address) FROM metering.request_log l
  WHERE l.journal_id = event_journal AND l.journal_offset = event_offset AND l.at = event_at
    AND l.organization_id = ANY (foundation.current_organizations())
$$;
REVOKE ALL ON FUNCTION metering.client_address(uuid, bigint, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION metering.client_address(uuid, bigint, timestamptz) TO tollgate_app;
