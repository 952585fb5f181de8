-- Up to where a handler has tried every event of its type: handled it, or noted in foundation.handled when to try it again. Looks begin behind it (decision 0045).
CREATE TABLE foundation.outbox_place (
  handler text NOT NULL,
  type text NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (handler, type)
);
GRANT SELECT, INSERT, UPDATE ON foundation.outbox_place TO tollgate_worker;

-- An event gets its final position at commit, as a change gets its version: under a lock that is held until the commit is visible to others. So who sees an event has all before it in sight, and none
-- appears behind a place later. The lock is that of the changes: with two, a transaction that changes and publishes and one that publishes and changes would wait for each other. Definer's rights,
-- because publishers may only add.
CREATE FUNCTION foundation.order_event() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('foundation.change', 0));
  UPDATE foundation.event SET position = DEFAULT WHERE id = NEW.id;
  RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION foundation.order_event() FROM PUBLIC;

-- Waits for the transactions that have published without it; what they and all before them left has its position and is visible.
CREATE CONSTRAINT TRIGGER order_event AFTER INSERT ON foundation.event DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION foundation.order_event();
