-- The passwords of extensions, from the first claim of the order that sets them until they are handed out. sealed is
-- the password, which is gone once it was handed out.
CREATE TABLE extension_secrets (
    order_id      BLOB NOT NULL PRIMARY KEY,
    run_id        BLOB NOT NULL,
    device_id     BLOB NOT NULL,
    ext_key       TEXT NOT NULL,
    sealed        BLOB,
    handed_out_at TEXT,
    handed_out_by TEXT,
    CHECK ((sealed IS NULL) = (handed_out_at IS NOT NULL)),
    CHECK ((handed_out_at IS NULL) = (handed_out_by IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX extension_secrets_run ON extension_secrets (run_id);
CREATE INDEX extension_secrets_extension ON extension_secrets (device_id, ext_key);
