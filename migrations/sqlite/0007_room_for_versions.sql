-- The same orders as before in words that a claim doesn't touch: an order that has not ended is initial or released,
-- and one that names its blocker waits for it, or has stopped waiting for good.
DROP INDEX orders_open_object;
CREATE UNIQUE INDEX orders_open_object ON orders (organization_id, object)
    WHERE object IS NOT NULL AND ended_at IS NULL AND blocked_by IS NULL;
DROP INDEX orders_blocked;
CREATE INDEX orders_blocked ON orders (blocked_by) WHERE blocked_by IS NOT NULL;
