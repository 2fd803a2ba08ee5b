-- Devices as they are managed: settings of their families, credentials at rest, what is done with a device beside the
-- orders, and what was read from it.

-- credentials are the password and further secrets, sealed; the column password is empty from then on. revision rises
-- with every change of any device, so that holders find the changed ones.
ALTER TABLE devices ADD COLUMN settings jsonb NOT NULL DEFAULT '{}';
ALTER TABLE devices ADD COLUMN insecure boolean NOT NULL DEFAULT false;
ALTER TABLE devices ADD COLUMN credentials bytea;
ALTER TABLE devices ADD COLUMN revision bigint NOT NULL DEFAULT 0;

CREATE INDEX devices_revision ON devices (revision);

INSERT INTO counters (name, next) VALUES ('device_revision', 1);

-- What a device's holder is asked to do beside the orders: to probe it, or to read one scope of it. needs is the work
-- that must be done first. A read goes page by page: page_cursor is where the next page begins, as_of when the first
-- one was asked for, since the mark that it reads the changes from, and mark what the next one reads the changes from.
CREATE TABLE device_work (
    id           uuid        NOT NULL PRIMARY KEY,
    device_id    uuid        NOT NULL REFERENCES devices (id),
    shard        bigint      NOT NULL,
    kind         text        NOT NULL CHECK (kind IN ('probe', 'read')),
    scope        text        CHECK (scope IN ('infrastructure', 'subscribers')),
    needs        uuid,
    whole        boolean     NOT NULL,
    requested_by text        NOT NULL,
    requested_at timestamptz NOT NULL,
    state        text        NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    claim_epoch  bigint,
    starts       bigint      NOT NULL,
    as_of        timestamptz,
    since        text,
    mark         text,
    page_cursor  text,
    pages        bigint      NOT NULL,
    found        bigint      NOT NULL,
    added        bigint      NOT NULL,
    changed      bigint      NOT NULL,
    removed      bigint      NOT NULL,
    outcome      jsonb,
    ended_at     timestamptz,
    CHECK ((kind = 'read') = (scope IS NOT NULL)),
    CHECK ((state = 'running') = (claim_epoch IS NOT NULL)),
    CHECK ((state IN ('done', 'failed')) = (ended_at IS NOT NULL))
);

CREATE INDEX device_work_open ON device_work (shard, device_id) WHERE ended_at IS NULL;
CREATE INDEX device_work_device ON device_work (device_id, requested_at);

-- What the devices hold, as it was read; as_of is the start of the read. change and changed_in say how and in which
-- read the object last differed from the one before, previous what it was then. A removed one stays until the next read.
-- touched_in is the read during which an order changed the object, and order_id that order: the attributes may be from
-- before, and that read leaves them alone.
CREATE TABLE device_objects (
    device_id  uuid        NOT NULL REFERENCES devices (id),
    kind       text        NOT NULL,
    key        text        NOT NULL,
    attributes jsonb       NOT NULL,
    as_of      timestamptz NOT NULL,
    seen_in    uuid,
    change     text        NOT NULL CHECK (change IN ('added', 'changed', 'removed', 'ordered')),
    changed_in uuid,
    previous   jsonb,
    touched_in uuid,
    order_id   uuid,
    PRIMARY KEY (device_id, kind, key)
);

CREATE INDEX device_objects_changed ON device_objects (changed_in);
