-- What a key may not: other endpoints than these, other addresses than these. Null, as for nearly every key, is no restriction.
ALTER TABLE admission.key ADD COLUMN operations uuid[] CHECK (cardinality(operations) BETWEEN 1 AND 200);
ALTER TABLE admission.key ADD COLUMN allowed_addresses cidr[] CHECK (cardinality(allowed_addresses) BETWEEN 1 AND 50);
-- The key that this one was made to follow; the other then has an end.
ALTER TABLE admission.key ADD COLUMN replaces uuid;
-- Somebody found the secret in the open, and where.
ALTER TABLE admission.key ADD COLUMN leaked_at timestamptz;
ALTER TABLE admission.key ADD COLUMN leak_source text CHECK (length(leak_source) <= 500);
CREATE UNIQUE INDEX key_one_successor ON admission.key (replaces) WHERE replaces IS NOT NULL;

DROP TRIGGER record_change ON admission.key;
CREATE CONSTRAINT TRIGGER record_change AFTER INSERT OR UPDATE OF expires_at, revoked_at, operations, allowed_addresses OR DELETE ON admission.key
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION foundation.record_change('key');

GRANT SELECT (operations, allowed_addresses, replaces, leaked_at, leak_source) ON admission.key TO tollgate_app;
GRANT UPDATE (name, expires_at, operations, allowed_addresses) ON admission.key TO tollgate_app;
GRANT UPDATE (revoked_at, leaked_at, leak_source) ON admission.key TO tollgate_worker;
