-- A running hour's rows are updated with every batch. Half of each page is left free, so that the new version of a row finds room beside the old one: then no
-- index is touched (HOT), and the page is cleaned as it is read.
ALTER TABLE metering.usage_hourly SET (fillfactor = 50);
ALTER TABLE metering.usage_daily SET (fillfactor = 50);
ALTER TABLE metering.meter_hourly SET (fillfactor = 50);
ALTER TABLE metering.usage_by_period SET (fillfactor = 50);
ALTER TABLE metering.gateway_counter SET (fillfactor = 50);
ALTER TABLE metering.journal_position SET (fillfactor = 50);

-- The histogram of a row's durations is ONE number: 16 decimal digits for each bucket, so that numbers are merged by addition and no bucket ever carries into the
-- next (docs/decisions/0011). A row for each bucket was most of what shipping wrote.
CREATE FUNCTION metering.latency_unit(bucket smallint) RETURNS numeric
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT ('1e' || bucket * 16)::numeric $$;

ALTER TABLE metering.usage_hourly ADD COLUMN latencies numeric NOT NULL DEFAULT 0;
ALTER TABLE metering.usage_daily ADD COLUMN latencies numeric NOT NULL DEFAULT 0;
UPDATE metering.usage_hourly u SET latencies = l.latencies
FROM (
  SELECT hour, subscription_id, api_id, organization_id, provider_organization_id, sum(count * metering.latency_unit(bucket)) AS latencies
  FROM metering.latency_hourly GROUP BY 1, 2, 3, 4, 5
) l
WHERE (u.subscription_id, u.hour, u.api_id, u.organization_id, u.provider_organization_id)
  = (l.subscription_id, l.hour, l.api_id, l.organization_id, l.provider_organization_id);
UPDATE metering.usage_daily u SET latencies = l.latencies
FROM (
  SELECT day, subscription_id, api_id, organization_id, provider_organization_id, sum(count * metering.latency_unit(bucket)) AS latencies
  FROM metering.latency_daily GROUP BY 1, 2, 3, 4, 5
) l
WHERE (u.subscription_id, u.day, u.api_id, u.organization_id, u.provider_organization_id)
  = (l.subscription_id, l.day, l.api_id, l.organization_id, l.provider_organization_id);
DROP TABLE metering.latency_hourly, metering.latency_daily;

-- As before, but for the latencies.
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
