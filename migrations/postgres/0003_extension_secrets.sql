-- The passwords of extensions, from the first claim of the order that sets them until they are handed out. sealed is
-- the password, which is gone once it was handed out.
CREATE TABLE extension_secrets (
    order_id      uuid NOT NULL PRIMARY KEY,
    run_id        uuid NOT NULL,
    device_id     uuid NOT NULL,
    ext_key       text NOT NULL,
    sealed        bytea,
    handed_out_at timestamptz,
    handed_out_by text,
    CHECK ((sealed IS NULL) = (handed_out_at IS NOT NULL)),
    CHECK ((handed_out_at IS NULL) = (handed_out_by IS NULL))
);

CREATE INDEX extension_secrets_run ON extension_secrets (run_id);
CREATE INDEX extension_secrets_extension ON extension_secrets (device_id, ext_key);
