-- What the suite sees of every change of an order, in the transaction that makes it. Dialtone knows nothing of it.

CREATE TABLE fault_audit (rule text NOT NULL, detail text NOT NULL);

-- I5: whoever claims an order or records an outcome names the epoch that the shard's lease has at that moment.
CREATE FUNCTION fault_audit_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    present bigint;
BEGIN
    SELECT epoch INTO present FROM shard_leases WHERE shard = OLD.shard;
    IF NEW.claim_epoch IS NOT NULL AND NEW.claim_epoch IS DISTINCT FROM OLD.claim_epoch
        AND NEW.claim_epoch IS DISTINCT FROM present THEN
        INSERT INTO fault_audit
        VALUES ('I5', format('order %s was claimed under epoch %s of %s', OLD.number, NEW.claim_epoch, present));
    END IF;
    IF NEW.tries > OLD.tries AND OLD.claim_epoch IS DISTINCT FROM present THEN
        INSERT INTO fault_audit
        VALUES ('I5', format('order %s was recorded under epoch %s of %s', OLD.number, OLD.claim_epoch, present));
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER fault_audit_epoch AFTER UPDATE ON orders
    FOR EACH ROW EXECUTE FUNCTION fault_audit_epoch();

-- I4: a new version of an order has its event, when the transaction ends.
CREATE FUNCTION fault_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM order_events WHERE order_id = NEW.id AND version = NEW.version) THEN
        INSERT INTO fault_audit VALUES ('I4', format('order %s has no event of version %s', NEW.number, NEW.version));
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER fault_audit_event AFTER UPDATE ON orders DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.state <> OLD.state OR NEW.extended IS DISTINCT FROM OLD.extended OR NEW.version <> OLD.version)
    EXECUTE FUNCTION fault_audit_event();

-- I9: while devices only gain, nothing that was read is ever gone, and a phone whose line is recorded as put on it is
-- never written without a line, but where it is marked as possibly older.
CREATE FUNCTION fault_audit_inventory() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.change = 'removed' THEN
        INSERT INTO fault_audit VALUES ('I9', format('%s %s is removed', NEW.kind, NEW.key));
    END IF;
    IF NEW.kind = 'phone' AND NEW.touched_in IS NULL AND NOT NEW.attributes::text LIKE '%"lines[%' AND EXISTS (
        SELECT 1 FROM orders o JOIN order_events e ON e.order_id = o.id
        WHERE o.product = 'Line' AND o.steps::text LIKE '%"' || NEW.key || '"%' AND e.kind = 'step_done' AND e.step = 1
    ) THEN
        INSERT INTO fault_audit VALUES ('I9', format('%s %s is without its line', NEW.kind, NEW.key));
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER fault_audit_inventory AFTER INSERT OR UPDATE ON device_objects
    FOR EACH ROW EXECUTE FUNCTION fault_audit_inventory();
