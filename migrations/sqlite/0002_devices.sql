-- Devices as they are managed: settings of their families, credentials at rest, what is done with a device beside the
-- orders, and what was read from it.

-- credentials are the password and further secrets, sealed; the column password is empty from then on. revision rises
-- with every change of any device, so that holders find the changed ones.
ALTER TABLE devices ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE devices ADD COLUMN insecure INTEGER NOT NULL DEFAULT 0 CHECK (insecure IN (0, 1));
ALTER TABLE devices ADD COLUMN credentials BLOB;
ALTER TABLE devices ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;

CREATE INDEX devices_revision ON devices (revision);

INSERT INTO counters (name, next) VALUES ('device_revision', 1);

-- What a device's holder is asked to do beside the orders: to probe it, or to read one scope of it. needs is the work
-- that must be done first. A read goes page by page: page_cursor is where the next page begins, as_of when the first
-- one was asked for, since the mark that it reads the changes from, and mark what the next one reads the changes from.
CREATE TABLE device_work (
    id              BLOB    NOT NULL PRIMARY KEY,
    device_id       BLOB    NOT NULL REFERENCES devices (id),
    shard           INTEGER NOT NULL,
    kind            TEXT    NOT NULL CHECK (kind IN ('probe', 'read')),
    scope           TEXT    CHECK (scope IN ('infrastructure', 'subscribers')),
    needs           BLOB,
    whole           INTEGER NOT NULL CHECK (whole IN (0, 1)),
    requested_by    TEXT    NOT NULL,
    requested_at    TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    claim_epoch     INTEGER,
    starts          INTEGER NOT NULL,
    as_of           TEXT,
    since           TEXT,
    mark            TEXT,
    page_cursor     TEXT,
    pages           INTEGER NOT NULL,
    found           INTEGER NOT NULL,
    added           INTEGER NOT NULL,
    changed         INTEGER NOT NULL,
    removed         INTEGER NOT NULL,
    outcome         TEXT,
    ended_at        TEXT,
    CHECK ((kind = 'read') = (scope IS NOT NULL)),
    CHECK ((state = 'running') = (claim_epoch IS NOT NULL)),
    CHECK ((state IN ('done', 'failed')) = (ended_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX device_work_open ON device_work (shard, device_id) WHERE ended_at IS NULL;
CREATE INDEX device_work_device ON device_work (device_id, requested_at);

-- What the devices hold, as it was read; as_of is the start of the read. change and changed_in say how and in which
-- read the object last differed from the one before, previous what it was then. A removed one stays until the next read.
-- touched_in is the read during which an order changed the object, and order_id that order: the attributes may be from
-- before, and that read leaves them alone.
CREATE TABLE device_objects (
    device_id       BLOB NOT NULL REFERENCES devices (id),
    kind            TEXT NOT NULL,
    key             TEXT NOT NULL,
    attributes      TEXT NOT NULL,
    as_of           TEXT NOT NULL,
    seen_in         BLOB,
    change          TEXT NOT NULL CHECK (change IN ('added', 'changed', 'removed', 'ordered')),
    changed_in      BLOB,
    previous        TEXT,
    touched_in      BLOB,
    order_id        BLOB,
    PRIMARY KEY (device_id, kind, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX device_objects_changed ON device_objects (changed_in);
