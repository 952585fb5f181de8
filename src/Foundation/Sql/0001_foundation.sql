-- The ground under all modules: who a transaction runs for, the change feed, the outbox, stored answers.
CREATE SCHEMA IF NOT EXISTS foundation;
GRANT USAGE ON SCHEMA foundation TO tollgate_app, tollgate_ingest, tollgate_worker;
REVOKE CREATE ON SCHEMA foundation FROM PUBLIC;

-- Who the transaction runs for. Row-level policies know nothing but these two. They are plain SQL without a search_path of their own so that the
-- planner can inline them; every name in them is in pg_catalog, which is always searched first.
CREATE FUNCTION foundation.current_organizations() RETURNS uuid[]
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT coalesce(nullif(pg_catalog.current_setting('tollgate.organizations', true), ''), '{}')::uuid[] $$;

CREATE FUNCTION foundation.current_account() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(pg_catalog.current_setting('tollgate.account', true), '')::uuid $$;

-- Change feed. It holds ids only, no tenant's data, and only the worker reads it: no row-level security.
CREATE SEQUENCE foundation.change_version;

CREATE TABLE foundation.change (
  version bigint PRIMARY KEY,
  topic text NOT NULL,
  id uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Everything up to this version may be gone from foundation.change: whoever is further behind loads everything again.
CREATE TABLE foundation.change_horizon (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version bigint NOT NULL
);
INSERT INTO foundation.change_horizon (version) VALUES (0);

-- Runs from deferred constraint triggers, so at commit. The lock is held until the commit is visible to others: versions therefore become visible in
-- their order, and a reader that has seen version n has seen all below it. Definer's rights, because the roles that write rows may not write the feed.
CREATE FUNCTION foundation.record_change() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  column_name text := coalesce(TG_ARGV[1], 'id');
  before_id uuid;
  after_id uuid;
BEGIN
  IF TG_OP <> 'INSERT' THEN
    EXECUTE format('SELECT ($1).%I', column_name) INTO before_id USING OLD;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    EXECUTE format('SELECT ($1).%I', column_name) INTO after_id USING NEW;
  END IF;

  PERFORM pg_advisory_xact_lock(hashtextextended('foundation.change', 0));

  IF after_id IS NOT NULL THEN
    INSERT INTO foundation.change (version, topic, id) VALUES (nextval('foundation.change_version'), TG_ARGV[0], after_id);
  END IF;
  IF before_id IS NOT NULL AND before_id IS DISTINCT FROM after_id THEN
    INSERT INTO foundation.change (version, topic, id) VALUES (nextval('foundation.change_version'), TG_ARGV[0], before_id);
  END IF;

  PERFORM pg_notify('tollgate_changes', '');
  RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION foundation.record_change() FROM PUBLIC;

GRANT SELECT, DELETE ON foundation.change TO tollgate_worker;
GRANT SELECT, UPDATE ON foundation.change_horizon TO tollgate_worker;

-- The outbox. Publishers may only add; the worker reads, hands out and prunes. No policy: no request can read it.
CREATE TABLE foundation.event (
  position bigint GENERATED ALWAYS AS IDENTITY,
  id uuid PRIMARY KEY,
  type text NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  payload jsonb NOT NULL,
  at timestamptz NOT NULL
);
CREATE INDEX event_type_position ON foundation.event (type, position);

-- One row for each handler that has tried an event: handled, or to be tried again.
CREATE TABLE foundation.handled (
  handler text NOT NULL,
  event_id uuid NOT NULL REFERENCES foundation.event (id) ON DELETE CASCADE,
  handled_at timestamptz,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  error text,
  PRIMARY KEY (handler, event_id),
  CHECK (handled_at IS NOT NULL OR next_attempt_at IS NOT NULL)
);
CREATE INDEX handled_event ON foundation.handled (event_id);

CREATE FUNCTION foundation.notify_outbox() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
BEGIN
  PERFORM pg_notify('tollgate_outbox', '');
  RETURN NULL;
END
$$;
CREATE TRIGGER notify_outbox AFTER INSERT ON foundation.event FOR EACH STATEMENT EXECUTE FUNCTION foundation.notify_outbox();

GRANT INSERT ON foundation.event TO tollgate_app, tollgate_worker;
-- UPDATE because the drainer locks the row that it hands out.
GRANT SELECT, UPDATE, DELETE ON foundation.event TO tollgate_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON foundation.handled TO tollgate_worker;

-- Answers to creating POSTs, kept for a day so that a repetition gets the first answer. `answer` is ciphertext.
CREATE TABLE foundation.idempotency_key (
  account uuid NOT NULL,
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  method_path text NOT NULL,
  request_hash bytea NOT NULL,
  status integer,
  answer bytea,
  headers jsonb,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account, key, method_path)
);
CREATE INDEX idempotency_key_created ON foundation.idempotency_key (created_at);

ALTER TABLE foundation.idempotency_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE foundation.idempotency_key FORCE ROW LEVEL SECURITY;
CREATE POLICY account ON foundation.idempotency_key TO tollgate_app
  USING (account = foundation.current_account()) WITH CHECK (account = foundation.current_account());
CREATE POLICY worker_reads ON foundation.idempotency_key FOR SELECT TO tollgate_worker USING (true);
CREATE POLICY worker_prunes ON foundation.idempotency_key FOR DELETE TO tollgate_worker USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON foundation.idempotency_key TO tollgate_app;
GRANT SELECT (account, created_at), DELETE ON foundation.idempotency_key TO tollgate_worker;
