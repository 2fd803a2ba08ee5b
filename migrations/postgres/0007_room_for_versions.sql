-- An order is written twice and an extension once after they are made. A new version of a row that finds room on the
-- page of the one before, and changes no column that an index knows of, needs no new entry in any index.
ALTER TABLE orders SET (fillfactor = 50);
ALTER TABLE extensions SET (fillfactor = 50);

-- The same orders as before in words that a claim doesn't touch: an order that has not ended is initial or released,
-- and one that names its blocker waits for it, or has stopped waiting for good.
DROP INDEX orders_open_object;
CREATE UNIQUE INDEX orders_open_object ON orders (organization_id, object)
    WHERE object IS NOT NULL AND ended_at IS NULL AND blocked_by IS NULL;
DROP INDEX orders_blocked;
CREATE INDEX orders_blocked ON orders (blocked_by) WHERE blocked_by IS NOT NULL;
