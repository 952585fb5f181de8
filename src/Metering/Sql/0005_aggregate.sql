-- The rollups computed again from the log.

-- The meters' names by their codes in the journal; a test holds this list against the program's.
CREATE FUNCTION metering.meter_name(code smallint) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE code WHEN 1 THEN 'requests' WHEN 2 THEN 'actions' WHEN 3 THEN 'turns' WHEN 4 THEN 'mirror.sessions' WHEN 5 THEN 'ai.tokens'
    WHEN 6 THEN 'ai.cost' WHEN 7 THEN 'bytes.out' ELSE 'meter.' || code END
$$;

CREATE FUNCTION metering.latency_bucket(duration_us bigint) RETURNS smallint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT ceil(ln(greatest(duration_us, 1)::double precision) / ln(1.1::double precision))::smallint
$$;

-- Rewrites the whole hours that touch [range_from, range_to) and the days around them; answers the number of hourly rows. While it runs, no shipper
-- adds to these days (a lock for each UTC day: shippers share it, this takes it alone). Days are locked and not hours, because a day's sum is made
-- of hours that are not rewritten. Refuses hours whose log is gone: it would replace them by nothing.
CREATE FUNCTION metering.aggregate_hourly_usage(range_from timestamptz, range_to timestamptz) RETURNS bigint
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
  INSERT INTO metering.usage_hourly
  SELECT date_trunc('hour', at), subscription_id, api_id, organization_id, provider_organization_id,
    count(*) FILTER (WHERE billable), count(*), count(*) FILTER (WHERE outcome = 2), count(*) FILTER (WHERE outcome = 3),
    count(*) FILTER (WHERE status / 100 = 5), count(*) FILTER (WHERE status / 100 = 2), count(*) FILTER (WHERE status / 100 = 3),
    count(*) FILTER (WHERE status / 100 = 4), count(*) FILTER (WHERE status / 100 = 5), sum(bytes_in), sum(bytes_out)
  FROM metering.request_log WHERE at >= first_hour AND at < end_hour
  GROUP BY 1, 2, 3, 4, 5;
  GET DIAGNOSTICS written = ROW_COUNT;

  DELETE FROM metering.latency_hourly WHERE hour >= first_hour AND hour < end_hour;
  INSERT INTO metering.latency_hourly
  SELECT date_trunc('hour', at), subscription_id, api_id, organization_id, provider_organization_id, metering.latency_bucket(duration_us), count(*)
  FROM metering.request_log WHERE at >= first_hour AND at < end_hour AND outcome = 1
  GROUP BY 1, 2, 3, 4, 5, 6;

  DELETE FROM metering.meter_hourly WHERE hour >= first_hour AND hour < end_hour;
  INSERT INTO metering.meter_hourly
  SELECT date_trunc('hour', l.at), l.subscription_id, metering.meter_name(m.code), l.organization_id, l.provider_organization_id, sum(m.amount)
  FROM metering.request_log l
  CROSS JOIN LATERAL unnest(coalesce(l.meters, '{1}'), coalesce(l.amounts, '{1}')) AS m (code, amount)
  WHERE l.at >= first_hour AND l.at < end_hour AND l.billable
  GROUP BY 1, 2, 3, 4, 5;

  DELETE FROM metering.usage_daily WHERE day >= first_day AND day < end_day;
  INSERT INTO metering.usage_daily
  SELECT date_trunc('day', hour), subscription_id, api_id, organization_id, provider_organization_id,
    sum(requests), sum(calls), sum(refused), sum(failed), sum(errors), sum(status_2xx), sum(status_3xx), sum(status_4xx), sum(status_5xx),
    sum(bytes_in), sum(bytes_out)
  FROM metering.usage_hourly WHERE hour >= first_day AND hour < end_day
  GROUP BY 1, 2, 3, 4, 5;

  DELETE FROM metering.latency_daily WHERE day >= first_day AND day < end_day;
  INSERT INTO metering.latency_daily
  SELECT date_trunc('day', hour), subscription_id, api_id, organization_id, provider_organization_id, bucket, sum(count)
  FROM metering.latency_hourly WHERE hour >= first_day AND hour < end_day
  GROUP BY 1, 2, 3, 4, 5, 6;
  RETURN written;
END $$;
REVOKE ALL ON FUNCTION metering.aggregate_hourly_usage(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION metering.aggregate_hourly_usage(timestamptz, timestamptz) TO tollgate_worker;

-- The form for a scheduler such as pg_cron: the last 24 hours and the running one.
CREATE FUNCTION metering.aggregate_hourly_usage() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT metering.aggregate_hourly_usage(now() - interval '24 hours', now())
$$;
REVOKE ALL ON FUNCTION metering.aggregate_hourly_usage() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION metering.aggregate_hourly_usage() TO tollgate_worker;
