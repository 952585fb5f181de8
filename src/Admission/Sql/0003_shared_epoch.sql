-- The latest epoch of the counters in Redis that any node has worked with: one row. No tenant's data.
CREATE TABLE admission.shared_epoch (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  epoch text COLLATE "C" NOT NULL
);
COMMENT ON COLUMN admission.shared_epoch.epoch IS 'A UUIDv7 in hexadecimal digits: the later one is the greater';
GRANT SELECT, INSERT, UPDATE ON admission.shared_epoch TO tollgate_worker;
ALTER TABLE admission.shared_epoch ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY worker ON admission.shared_epoch TO tollgate_worker USING (true) WITH CHECK (true);
