-- Usage that others report: the meters that a provider declares, the events, and which events are known already (docs/decisions/0020).

-- The name is for good, whatever becomes of the organization's slug; who owns it says organization_id. The code is the meter's place in what counts by code
-- (a node's counters, their checkpoint). It is of its organization and never given twice.
CREATE TABLE metering.meter (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  code smallint NOT NULL CHECK (code BETWEEN 128 AND 255),
  name text NOT NULL UNIQUE CHECK (name LIKE 'x.%.%' AND length(name) <= 110),
  unit text NOT NULL,
  description text NOT NULL,
  created_at timestamptz NOT NULL,
  archived_at timestamptz,
  UNIQUE (organization_id, code)
);
COMMENT ON COLUMN metering.meter.organization_id IS 'The provider that declared it';

-- The request log of what is reported. at: the event's own time, or its arrival when that is too late or too early to be billed by; event_time is its own.
CREATE TABLE metering.reported_usage (
  at timestamptz NOT NULL,
  event_time timestamptz NOT NULL,
  received_at timestamptz NOT NULL,
  period_start timestamptz NOT NULL,
  amount bigint NOT NULL CHECK (amount >= 0),
  plan_version integer NOT NULL,
  id uuid NOT NULL,
  organization_id uuid NOT NULL,
  provider_organization_id uuid NOT NULL,
  subscription_id uuid NOT NULL,
  meter text NOT NULL,
  source text NOT NULL,
  event_id text NOT NULL,
  PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE INDEX reported_usage_subscription ON metering.reported_usage (subscription_id, meter, at DESC);
CREATE INDEX reported_usage_provider ON metering.reported_usage (provider_organization_id, at DESC);
CREATE TABLE metering.reported_usage_default PARTITION OF metering.reported_usage DEFAULT;
ALTER TABLE metering.reported_usage_default ENABLE ROW LEVEL SECURITY;

-- Which events are known: claimed in the transaction that writes the event, so that there are both or neither. Kept for 60 days and a little.
CREATE TABLE metering.reported_event (
  organization_id uuid NOT NULL,
  event_key bytea NOT NULL,
  content bytea NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, event_key)
);
COMMENT ON COLUMN metering.reported_event.organization_id IS 'The provider that reported it';
COMMENT ON COLUMN metering.reported_event.event_key IS 'SHA-256 of source and id';
COMMENT ON COLUMN metering.reported_event.content IS 'SHA-256 of the rest, to tell a repetition from another event of the same id';
CREATE INDEX reported_event_created ON metering.reported_event (created_at);

-- Which subscriptions something was reported for, and by which transaction last: nodes ask for what is newer than the oldest transaction that ran when they asked
-- before, so that none is missed, in whatever order they commit.
CREATE TABLE metering.reported_change (
  subscription_id uuid PRIMARY KEY,
  changed xid8 NOT NULL
);
CREATE INDEX reported_change_changed ON metering.reported_change (changed);

-- What both sides read by organization; calls are never in it.
CREATE INDEX meter_hourly_declared_provider ON metering.meter_hourly (provider_organization_id, hour) WHERE meter LIKE 'x.%';
CREATE INDEX meter_hourly_declared_consumer ON metering.meter_hourly (organization_id, hour) WHERE meter LIKE 'x.%';

ALTER TABLE metering.meter ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE metering.reported_usage ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE metering.reported_event ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE metering.reported_change ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY provider ON metering.meter TO tollgate_app
  USING (organization_id = ANY ((SELECT foundation.current_organizations())::uuid[]))
  WITH CHECK (organization_id = ANY ((SELECT foundation.current_organizations())::uuid[]));
CREATE POLICY consumer ON metering.reported_usage FOR SELECT TO tollgate_app
  USING (organization_id = ANY ((SELECT foundation.current_organizations())::uuid[]));
CREATE POLICY provider ON metering.reported_usage FOR SELECT TO tollgate_app
  USING (provider_organization_id = ANY ((SELECT foundation.current_organizations())::uuid[]));
CREATE POLICY ingest ON metering.reported_usage FOR INSERT TO tollgate_ingest WITH CHECK (true);
CREATE POLICY worker ON metering.reported_usage FOR SELECT TO tollgate_worker USING (true);
CREATE POLICY owner ON metering.reported_usage FOR SELECT TO tollgate_owner USING (true);
CREATE POLICY ingest ON metering.reported_event TO tollgate_ingest USING (true) WITH CHECK (true);
CREATE POLICY worker ON metering.reported_event TO tollgate_worker USING (true);
CREATE POLICY ingest ON metering.reported_change TO tollgate_ingest USING (true) WITH CHECK (true);
CREATE POLICY worker ON metering.reported_change FOR SELECT TO tollgate_worker USING (true);

GRANT SELECT, INSERT, UPDATE (unit, description, archived_at) ON metering.meter TO tollgate_app;
GRANT SELECT ON metering.reported_usage TO tollgate_app, tollgate_worker;
GRANT INSERT ON metering.reported_usage TO tollgate_ingest;
GRANT SELECT, INSERT ON metering.reported_event TO tollgate_ingest;
GRANT SELECT (organization_id, event_key, created_at), DELETE ON metering.reported_event TO tollgate_worker;
GRANT SELECT, INSERT, UPDATE ON metering.reported_change TO tollgate_ingest;
GRANT SELECT ON metering.reported_change TO tollgate_worker;

-- A month is now two partitions: that of the calls and that of what was reported. They are made and dropped together.
CREATE FUNCTION metering.make_partition(parent text, first_day date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  lower_bound timestamptz := first_day::timestamptz;
  upper_bound timestamptz := (first_day + interval '1 month')::timestamptz;
  partition text := parent || to_char(first_day, '_YYYY_MM');
BEGIN
  EXECUTE format('LOCK TABLE metering.%I IN ACCESS EXCLUSIVE MODE', parent || '_default');
  EXECUTE format('CREATE TABLE metering.%I (LIKE metering.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition, parent);
  EXECUTE format('WITH moved AS (DELETE FROM metering.%I WHERE at >= %L AND at < %L RETURNING *) INSERT INTO metering.%I SELECT * FROM moved',
    parent || '_default', lower_bound, upper_bound, partition);
  EXECUTE format('ALTER TABLE metering.%I ATTACH PARTITION metering.%I FOR VALUES FROM (%L) TO (%L)', parent, partition, lower_bound, upper_bound);
  -- Nobody has a right on it; should somebody grant one, no policy shows a row.
  EXECUTE format('ALTER TABLE metering.%I ENABLE ROW LEVEL SECURITY', partition);
END $$;
REVOKE ALL ON FUNCTION metering.make_partition(text, date) FROM PUBLIC;

CREATE OR REPLACE FUNCTION metering.ensure_partition(of_month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  first_day date := date_trunc('month', of_month)::date;
BEGIN
  PERFORM pg_advisory_xact_lock(1296389202, 0);
  IF EXISTS (SELECT FROM metering.request_log_month m WHERE m.month = first_day) THEN
    RETURN false;
  END IF;
  PERFORM metering.make_partition('request_log', first_day);
  PERFORM metering.make_partition('reported_usage', first_day);
  INSERT INTO metering.request_log_month (month) VALUES (first_day);
  RETURN true;
END $$;

CREATE OR REPLACE FUNCTION metering.drop_partition(of_month date, as_of timestamptz DEFAULT now()) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '5s' AS $$
DECLARE
  first_day date := date_trunc('month', of_month)::date;
BEGIN
  IF (first_day + interval '1 month')::timestamptz > as_of - interval '62 days' THEN
    RAISE EXCEPTION 'The request log of % is younger than 62 days', first_day USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  UPDATE metering.request_log_month SET dropped_at = as_of WHERE month = first_day AND dropped_at IS NULL;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  EXECUTE format('DROP TABLE metering.%I, metering.%I', metering.partition_name(first_day), to_char(first_day, '"reported_usage_"YYYY_MM'));
  RETURN true;
END $$;

CREATE OR REPLACE FUNCTION metering.default_partition_rows() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*) FROM (
    SELECT FROM metering.request_log_default UNION ALL SELECT FROM metering.reported_usage_default LIMIT 10000
  ) waiting
$$;

SELECT metering.make_partition('reported_usage', month) FROM metering.request_log_month WHERE dropped_at IS NULL ORDER BY month;

-- As before, but what was reported is in the meters too.
CREATE OR REPLACE FUNCTION metering.aggregate_hourly_usage(range_from timestamptz, range_to timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  first_hour timestamptz := date_trunc('hour', range_from);
  end_hour timestamptz := date_trunc('hour', range_to + interval '1 hour' - interval '1 microsecond');
  first_day timestamptz := date_trunc('day', range_from);
  end_day timestamptz := date_trunc('day', range_to + interval '1 day' - interval '1 microsecond');
  gone date;
  written bigint;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'aggregate_hourly_usage needs READ COMMITTED: another level reads the log as it was before its lock'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  IF end_hour <= first_hour THEN
    RETURN 0;
  END IF;
  SELECT m.month INTO gone FROM metering.request_log_month m
  WHERE m.month >= date_trunc('month', first_hour)::date AND m.month < end_hour
    AND (m.dropped_at IS NOT NULL OR to_regclass('metering.' || metering.partition_name(m.month)) IS NULL)
  ORDER BY m.month LIMIT 1;
  IF gone IS NOT NULL THEN
    RAISE EXCEPTION 'The request log of % is gone, its rollups cannot be computed again', to_char(gone, 'YYYY-MM')
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  PERFORM pg_advisory_xact_lock(1296389202, day)
  FROM generate_series((extract(epoch FROM first_day) / 86400)::integer, (extract(epoch FROM end_day) / 86400)::integer - 1) AS day;

  DELETE FROM metering.usage_hourly WHERE hour >= first_hour AND hour < end_hour;
  INSERT INTO metering.usage_hourly (hour, subscription_id, api_id, organization_id, provider_organization_id, requests, calls, refused, failed, errors,
    status_2xx, status_3xx, status_4xx, status_5xx, bytes_in, bytes_out, latencies)
  SELECT hour, subscription_id, api_id, organization_id, provider_organization_id, sum(requests), sum(calls), sum(refused), sum(failed), sum(status_5xx),
    sum(status_2xx), sum(status_3xx), sum(status_4xx), sum(status_5xx), sum(bytes_in), sum(bytes_out),
    coalesce(sum(calls * metering.latency_unit(bucket)), 0)
  FROM (
    SELECT date_trunc('hour', at) AS hour, subscription_id, api_id, organization_id, provider_organization_id,
      CASE WHEN outcome = 1 THEN metering.latency_bucket(duration_us) END AS bucket,
      count(*) FILTER (WHERE billable) AS requests, count(*) AS calls, count(*) FILTER (WHERE outcome = 2) AS refused,
      count(*) FILTER (WHERE outcome = 3) AS failed, count(*) FILTER (WHERE status / 100 = 2) AS status_2xx,
      count(*) FILTER (WHERE status / 100 = 3) AS status_3xx, count(*) FILTER (WHERE status / 100 = 4) AS status_4xx,
      count(*) FILTER (WHERE status / 100 = 5) AS status_5xx, sum(bytes_in) AS bytes_in, sum(bytes_out) AS bytes_out
    FROM metering.request_log WHERE at >= first_hour AND at < end_hour
    GROUP BY 1, 2, 3, 4, 5, 6
  ) log
  GROUP BY 1, 2, 3, 4, 5;
  GET DIAGNOSTICS written = ROW_COUNT;

  DELETE FROM metering.meter_hourly WHERE hour >= first_hour AND hour < end_hour;
  INSERT INTO metering.meter_hourly
  SELECT date_trunc('hour', l.at), l.subscription_id, metering.meter_name(m.code), l.organization_id, l.provider_organization_id, sum(m.amount)
  FROM metering.request_log l
  CROSS JOIN LATERAL unnest(coalesce(l.meters, '{1}'), coalesce(l.amounts, '{1}')) AS m (code, amount)
  WHERE l.at >= first_hour AND l.at < end_hour AND l.billable
  GROUP BY 1, 2, 3, 4, 5
  UNION ALL
  SELECT date_trunc('hour', at), subscription_id, meter, organization_id, provider_organization_id, sum(amount)
  FROM metering.reported_usage WHERE at >= first_hour AND at < end_hour
  GROUP BY 1, 2, 3, 4, 5;

  DELETE FROM metering.usage_daily WHERE day >= first_day AND day < end_day;
  INSERT INTO metering.usage_daily (day, subscription_id, api_id, organization_id, provider_organization_id, requests, calls, refused, failed, errors,
    status_2xx, status_3xx, status_4xx, status_5xx, bytes_in, bytes_out, latencies)
  SELECT date_trunc('day', hour), subscription_id, api_id, organization_id, provider_organization_id,
    sum(requests), sum(calls), sum(refused), sum(failed), sum(errors), sum(status_2xx), sum(status_3xx), sum(status_4xx), sum(status_5xx),
    sum(bytes_in), sum(bytes_out), sum(latencies)
  FROM metering.usage_hourly WHERE hour >= first_day AND hour < end_day
  GROUP BY 1, 2, 3, 4, 5;
  RETURN written;
END $$;
