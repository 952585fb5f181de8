-- How far each journal has been shipped. open_begins: streams whose begin was read and whose end was not. totals_offset: place of the last totals
-- record that was stored. sealed_request: the last request to seal that this journal has passed. closed_at: its node stopped with nothing left.
CREATE TABLE metering.journal_position (
  journal_id uuid PRIMARY KEY,
  shipped_offset bigint NOT NULL,
  open_begins bigint[] NOT NULL DEFAULT '{}',
  totals_offset bigint NOT NULL DEFAULT -1,
  sealed_request bigint NOT NULL DEFAULT 0,
  node text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  closed_at timestamptz
);

-- What the gateways counted themselves, independent of the log: the left side of reconciling.
CREATE TABLE metering.gateway_counter (
  journal_id uuid NOT NULL,
  subscription_id uuid NOT NULL,
  hour timestamptz NOT NULL,
  billable bigint NOT NULL,
  PRIMARY KEY (hour, subscription_id, journal_id)
);

-- Records that PostgreSQL would not take, with the whole record as JSON text, so that they can be looked at and repaired.
CREATE TABLE metering.rejected_record (
  journal_id uuid NOT NULL,
  journal_offset bigint NOT NULL,
  kind smallint NOT NULL,
  subscription_id uuid,
  billable boolean NOT NULL,
  reason text NOT NULL,
  record text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (journal_id, journal_offset)
);

-- A request to every node: seal your totals and ship them.
CREATE TABLE metering.seal_request (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE metering.journal_position ENABLE ROW LEVEL SECURITY;
ALTER TABLE metering.journal_position FORCE ROW LEVEL SECURITY;
ALTER TABLE metering.gateway_counter ENABLE ROW LEVEL SECURITY;
ALTER TABLE metering.gateway_counter FORCE ROW LEVEL SECURITY;
ALTER TABLE metering.rejected_record ENABLE ROW LEVEL SECURITY;
ALTER TABLE metering.rejected_record FORCE ROW LEVEL SECURITY;
ALTER TABLE metering.seal_request ENABLE ROW LEVEL SECURITY;
ALTER TABLE metering.seal_request FORCE ROW LEVEL SECURITY;
CREATE POLICY ingest ON metering.journal_position TO tollgate_ingest USING (true) WITH CHECK (true);
CREATE POLICY ingest ON metering.gateway_counter TO tollgate_ingest USING (true) WITH CHECK (true);
CREATE POLICY ingest ON metering.rejected_record FOR INSERT TO tollgate_ingest WITH CHECK (true);
CREATE POLICY ingest ON metering.seal_request FOR SELECT TO tollgate_ingest USING (true);
CREATE POLICY worker ON metering.journal_position FOR SELECT TO tollgate_worker USING (true);
CREATE POLICY worker ON metering.gateway_counter FOR SELECT TO tollgate_worker USING (true);
CREATE POLICY worker ON metering.rejected_record FOR SELECT TO tollgate_worker USING (true);
CREATE POLICY worker ON metering.seal_request TO tollgate_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON metering.journal_position, metering.gateway_counter TO tollgate_ingest;
GRANT INSERT ON metering.rejected_record TO tollgate_ingest;
GRANT SELECT ON metering.seal_request TO tollgate_ingest;
GRANT SELECT ON metering.journal_position, metering.gateway_counter, metering.rejected_record, metering.seal_request TO tollgate_worker;
GRANT INSERT ON metering.seal_request TO tollgate_worker;
