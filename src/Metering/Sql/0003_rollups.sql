-- Sums of the request log. requests counts billable events, the rest all logged ones. Kept by the shipper in the transaction that writes the log;
-- metering.aggregate_hourly_usage computes them again from it.

CREATE TABLE metering.usage_hourly (
  hour timestamptz NOT NULL,
  subscription_id uuid NOT NULL,
  api_id uuid NOT NULL,
  organization_id uuid NOT NULL,
  provider_organization_id uuid NOT NULL,
  requests bigint NOT NULL,
  calls bigint NOT NULL,
  refused bigint NOT NULL,
  failed bigint NOT NULL,
  errors bigint NOT NULL,
  status_2xx bigint NOT NULL,
  status_3xx bigint NOT NULL,
  status_4xx bigint NOT NULL,
  status_5xx bigint NOT NULL,
  bytes_in bigint NOT NULL,
  bytes_out bigint NOT NULL,
  PRIMARY KEY (subscription_id, hour, api_id, organization_id, provider_organization_id)
);
CREATE INDEX usage_hourly_organization ON metering.usage_hourly (organization_id, hour);
CREATE INDEX usage_hourly_provider ON metering.usage_hourly (provider_organization_id, hour);
CREATE INDEX usage_hourly_api ON metering.usage_hourly (api_id, hour);
CREATE INDEX usage_hourly_hour ON metering.usage_hourly (hour);

CREATE TABLE metering.usage_daily (
  day timestamptz NOT NULL,
  subscription_id uuid NOT NULL,
  api_id uuid NOT NULL,
  organization_id uuid NOT NULL,
  provider_organization_id uuid NOT NULL,
  requests bigint NOT NULL,
  calls bigint NOT NULL,
  refused bigint NOT NULL,
  failed bigint NOT NULL,
  errors bigint NOT NULL,
  status_2xx bigint NOT NULL,
  status_3xx bigint NOT NULL,
  status_4xx bigint NOT NULL,
  status_5xx bigint NOT NULL,
  bytes_in bigint NOT NULL,
  bytes_out bigint NOT NULL,
  PRIMARY KEY (subscription_id, day, api_id, organization_id, provider_organization_id)
);
CREATE INDEX usage_daily_organization ON metering.usage_daily (organization_id, day);
CREATE INDEX usage_daily_provider ON metering.usage_daily (provider_organization_id, day);
CREATE INDEX usage_daily_api ON metering.usage_daily (api_id, day);
CREATE INDEX usage_daily_day ON metering.usage_daily (day);

-- Served calls by duration. Bucket b holds (1.1^(b-1), 1.1^b] microseconds; its middle is at most 4.8 % away from any of them.
CREATE TABLE metering.latency_hourly (
  hour timestamptz NOT NULL,
  subscription_id uuid NOT NULL,
  api_id uuid NOT NULL,
  organization_id uuid NOT NULL,
  provider_organization_id uuid NOT NULL,
  bucket smallint NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (subscription_id, hour, api_id, organization_id, provider_organization_id, bucket)
);
CREATE INDEX latency_hourly_organization ON metering.latency_hourly (organization_id, hour);
CREATE INDEX latency_hourly_provider ON metering.latency_hourly (provider_organization_id, hour);
CREATE INDEX latency_hourly_api ON metering.latency_hourly (api_id, hour);
CREATE INDEX latency_hourly_hour ON metering.latency_hourly (hour);

CREATE TABLE metering.latency_daily (
  day timestamptz NOT NULL,
  subscription_id uuid NOT NULL,
  api_id uuid NOT NULL,
  organization_id uuid NOT NULL,
  provider_organization_id uuid NOT NULL,
  bucket smallint NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (subscription_id, day, api_id, organization_id, provider_organization_id, bucket)
);
CREATE INDEX latency_daily_organization ON metering.latency_daily (organization_id, day);
CREATE INDEX latency_daily_provider ON metering.latency_daily (provider_organization_id, day);
CREATE INDEX latency_daily_api ON metering.latency_daily (api_id, day);
CREATE INDEX latency_daily_day ON metering.latency_daily (day);

-- Billable amounts of every meter by hour: what counters are rebuilt from when a node starts.
CREATE TABLE metering.meter_hourly (
  hour timestamptz NOT NULL,
  subscription_id uuid NOT NULL,
  meter text NOT NULL,
  organization_id uuid NOT NULL,
  provider_organization_id uuid NOT NULL,
  amount numeric NOT NULL,
  PRIMARY KEY (subscription_id, meter, hour, organization_id, provider_organization_id)
);
CREATE INDEX meter_hourly_hour ON metering.meter_hourly (hour);

-- Billable amounts by the plan version and billing period that admission stamped. Invoices read it; it is only ever added to.
CREATE TABLE metering.usage_by_period (
  subscription_id uuid NOT NULL,
  plan_version integer NOT NULL,
  meter text NOT NULL,
  period_start timestamptz NOT NULL,
  organization_id uuid NOT NULL,
  provider_organization_id uuid NOT NULL,
  amount numeric NOT NULL,
  PRIMARY KEY (subscription_id, period_start, plan_version, meter)
);
CREATE INDEX usage_by_period_start ON metering.usage_by_period (period_start);

DO $$
DECLARE
  tbl text;
BEGIN
  FOREACH tbl IN ARRAY ARRAY['usage_hourly', 'usage_daily', 'latency_hourly', 'latency_daily', 'meter_hourly', 'usage_by_period'] LOOP
    EXECUTE format('ALTER TABLE metering.%I ENABLE ROW LEVEL SECURITY', tbl);
    EXECUTE format('ALTER TABLE metering.%I FORCE ROW LEVEL SECURITY', tbl);
    EXECUTE format('CREATE POLICY consumer ON metering.%I FOR SELECT TO tollgate_app
      USING (organization_id = ANY ((SELECT foundation.current_organizations())::uuid[]))', tbl);
    EXECUTE format('CREATE POLICY provider ON metering.%I FOR SELECT TO tollgate_app
      USING (provider_organization_id = ANY ((SELECT foundation.current_organizations())::uuid[]))', tbl);
    EXECUTE format('CREATE POLICY ingest ON metering.%I TO tollgate_ingest USING (true) WITH CHECK (true)', tbl);
    EXECUTE format('CREATE POLICY worker ON metering.%I FOR SELECT TO tollgate_worker USING (true)', tbl);
    EXECUTE format('CREATE POLICY owner ON metering.%I TO tollgate_owner USING (true) WITH CHECK (true)', tbl);
    EXECUTE format('GRANT SELECT ON metering.%I TO tollgate_app, tollgate_worker', tbl);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON metering.%I TO tollgate_ingest', tbl);
  END LOOP;
END $$;
