-- The passwords and PINs that the steps of an order set: by the index of the step, sealed as one value. The row goes when
-- the order completes or is cancelled.
CREATE TABLE order_credentials (
    order_id BLOB NOT NULL PRIMARY KEY,
    sealed   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
