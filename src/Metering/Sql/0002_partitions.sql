-- Monthly partitions. The functions run as the owner (only it may create and drop tables); the worker may call them, nobody else.

CREATE FUNCTION metering.partition_name(of_month date) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT 'request_log_' || to_char(of_month, 'YYYY_MM') $$;

-- One month. Rows that already wait in the default partition move into it, in the same transaction: PostgreSQL refuses the partition otherwise.
CREATE FUNCTION metering.ensure_partition(of_month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  first_day date := date_trunc('month', of_month)::date;
  lower_bound timestamptz := first_day::timestamptz;
  upper_bound timestamptz := (first_day + interval '1 month')::timestamptz;
  partition text := metering.partition_name(first_day);
BEGIN
  PERFORM pg_advisory_xact_lock(1296389202, 0);
  IF EXISTS (SELECT FROM metering.request_log_month m WHERE m.month = first_day) THEN
    RETURN false;
  END IF;
  LOCK TABLE metering.request_log_default IN ACCESS EXCLUSIVE MODE;
  EXECUTE format('CREATE TABLE metering.%I (LIKE metering.request_log INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition);
  EXECUTE format('WITH moved AS (DELETE FROM metering.request_log_default WHERE at >= %L AND at < %L RETURNING *) INSERT INTO metering.%I SELECT * FROM moved',
    lower_bound, upper_bound, partition);
  EXECUTE format('ALTER TABLE metering.request_log ATTACH PARTITION metering.%I FOR VALUES FROM (%L) TO (%L)', partition, lower_bound, upper_bound);
  -- Nobody has a right on it; should somebody grant one, no policy shows a row.
  EXECUTE format('ALTER TABLE metering.%I ENABLE ROW LEVEL SECURITY', partition);
  INSERT INTO metering.request_log_month (month) VALUES (first_day);
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION metering.ensure_partition(date) FROM PUBLIC;

-- From the oldest month in which an event can still be billed by its own time, to months_ahead from now. Answers how many were made.
CREATE FUNCTION metering.ensure_partitions(months_ahead integer, as_of timestamptz DEFAULT now()) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  made integer := 0;
  next_month timestamptz := date_trunc('month', as_of - interval '40 days');
BEGIN
  WHILE next_month <= as_of + make_interval(months => months_ahead) LOOP
    IF metering.ensure_partition(next_month::date) THEN
      made := made + 1;
    END IF;
    next_month := next_month + interval '1 month';
  END LOOP;
  RETURN made;
END $$;
REVOKE ALL ON FUNCTION metering.ensure_partitions(integer, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION metering.ensure_partitions(integer, timestamptz) TO tollgate_worker;

-- Drops a month's rows for good. It refuses what could still be billed; whether the invoices are final is asked before, by the job.
CREATE FUNCTION metering.drop_partition(of_month date, as_of timestamptz DEFAULT now()) RETURNS boolean
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
  EXECUTE format('DROP TABLE metering.%I', metering.partition_name(first_day));
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION metering.drop_partition(date, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION metering.drop_partition(date, timestamptz) TO tollgate_worker;

-- How many rows are outside every month, counted to at most 10,000. More than none means that partitions were not made in time.
CREATE FUNCTION metering.default_partition_rows() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*) FROM (SELECT FROM metering.request_log_default LIMIT 10000) waiting
$$;
REVOKE ALL ON FUNCTION metering.default_partition_rows() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION metering.default_partition_rows() TO tollgate_worker;

SELECT metering.ensure_partitions(3);
