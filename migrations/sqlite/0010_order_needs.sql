-- The earlier orders of its run whose products an order needs, beside the one that it waits for: when its turn comes and
-- one of them was cancelled or aborted, it goes to Hold. Few orders have any.
CREATE TABLE order_needs (
    order_id BLOB NOT NULL,
    needs_id BLOB NOT NULL,
    PRIMARY KEY (order_id, needs_id)
) STRICT, WITHOUT ROWID;
