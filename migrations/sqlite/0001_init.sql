-- Ids are 16-byte UUIDs, times RFC 3339 text in UTC cut to microseconds, documents JSON text.
-- Tables and columns are those of the PostgreSQL migration of the same number; a test compares them.

CREATE TABLE counters (
    name    TEXT    NOT NULL PRIMARY KEY,
    next    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO counters (name, next) VALUES ('order_number', 1);

-- One lease a shard: who holds it, how often it changed hands, and the holder's heartbeat.
CREATE TABLE shard_leases (
    shard   INTEGER NOT NULL PRIMARY KEY,
    holder  BLOB,
    epoch   INTEGER NOT NULL,
    beat    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE organizations (
    id          BLOB NOT NULL PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    profile     TEXT NOT NULL CHECK (profile IN ('older', 'newer')),
    created_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    name            TEXT NOT NULL,
    PRIMARY KEY (organization_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE numbers (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    number          TEXT NOT NULL,
    PRIMARY KEY (organization_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE licences (
    organization_id BLOB    NOT NULL REFERENCES organizations (id),
    code            TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    owned           INTEGER NOT NULL,
    free            INTEGER NOT NULL CHECK (free >= 0),
    reserved        INTEGER NOT NULL CHECK (reserved >= 0),
    used            INTEGER NOT NULL CHECK (used >= 0),
    PRIMARY KEY (organization_id, code),
    CHECK (owned = free + reserved + used)
) STRICT, WITHOUT ROWID;

CREATE TABLE devices (
    id              BLOB NOT NULL PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    name            TEXT NOT NULL,
    kind            TEXT NOT NULL,
    address         TEXT NOT NULL,
    version         TEXT,
    login           TEXT NOT NULL,
    password        TEXT NOT NULL,
    ca              TEXT,
    limits          TEXT NOT NULL,
    UNIQUE (organization_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
    id              BLOB    NOT NULL PRIMARY KEY,
    organization_id BLOB    NOT NULL REFERENCES organizations (id),
    name            TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    sha256          TEXT    NOT NULL,
    size            INTEGER NOT NULL,
    storage_key     TEXT    NOT NULL,
    uploaded_at     TEXT    NOT NULL,
    uploaded_by     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX uploads_sha256 ON uploads (organization_id, sha256);

-- Rows of an upload that were refused, so that a report made later says what was said then.
CREATE TABLE refused_rows (
    upload_id   BLOB    NOT NULL REFERENCES uploads (id),
    row_number  INTEGER NOT NULL,
    findings    TEXT    NOT NULL,
    PRIMARY KEY (upload_id, row_number)
) STRICT, WITHOUT ROWID;

-- Bulk-assignment templates.
CREATE TABLE templates (
    id              BLOB    NOT NULL PRIMARY KEY,
    organization_id BLOB    NOT NULL REFERENCES organizations (id),
    name            TEXT    NOT NULL,
    add_ons         TEXT    NOT NULL,
    status          TEXT    NOT NULL CHECK (status IN ('draft', 'in_progress', 'completed')),
    total_users     INTEGER NOT NULL CHECK (total_users BETWEEN 0 AND 15000),
    run_id          BLOB,
    version         INTEGER NOT NULL,
    created_at      TEXT    NOT NULL,
    created_by      TEXT    NOT NULL,
    CHECK ((status = 'draft') = (run_id IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE template_uploads (
    template_id BLOB    NOT NULL REFERENCES templates (id),
    position    INTEGER NOT NULL,
    upload_id   BLOB    NOT NULL REFERENCES uploads (id),
    PRIMARY KEY (template_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE template_users (
    template_id BLOB    NOT NULL REFERENCES templates (id),
    position    INTEGER NOT NULL,
    upload_id   BLOB,
    row_number  INTEGER,
    ext_key     TEXT    NOT NULL,
    user_id     BLOB    NOT NULL,
    user_name   TEXT    NOT NULL,
    number      TEXT,
    PRIMARY KEY (template_id, position)
) STRICT, WITHOUT ROWID;

-- Batch projects: uploads whose rows become work orders.
CREATE TABLE projects (
    id              BLOB    NOT NULL PRIMARY KEY,
    organization_id BLOB    NOT NULL REFERENCES organizations (id),
    name            TEXT    NOT NULL,
    status          TEXT    NOT NULL CHECK (status IN ('draft', 'in_progress', 'completed')),
    run_id          BLOB,
    version         INTEGER NOT NULL,
    created_at      TEXT    NOT NULL,
    created_by      TEXT    NOT NULL,
    CHECK ((status = 'draft') = (run_id IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE project_uploads (
    project_id  BLOB    NOT NULL REFERENCES projects (id),
    position    INTEGER NOT NULL,
    upload_id   BLOB    NOT NULL REFERENCES uploads (id),
    PRIMARY KEY (project_id, position)
) STRICT, WITHOUT ROWID;

-- Domains, Service Areas, roles, and what is known of devices beside how to reach them: what an administrator sets up
-- once and orders are checked by.
CREATE TABLE infrastructure (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    kind            TEXT NOT NULL CHECK (kind IN ('domain', 'service_area', 'role', 'processor')),
    name            TEXT NOT NULL,
    settings        TEXT NOT NULL,
    PRIMARY KEY (organization_id, kind, name)
) STRICT, WITHOUT ROWID;

-- The people who own products.
CREATE TABLE subscribers (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    user_id         TEXT NOT NULL,
    first_name      TEXT,
    last_name       TEXT NOT NULL,
    email           TEXT,
    role            TEXT NOT NULL,
    domain          TEXT NOT NULL,
    identity_id     BLOB,
    PRIMARY KEY (organization_id, user_id)
) STRICT, WITHOUT ROWID;

-- first_order and last_order bound the ids of the run's orders, which are made together and rise with the rows, so
-- that a report reads one range of them.
CREATE TABLE runs (
    id              BLOB    NOT NULL PRIMARY KEY,
    organization_id BLOB    NOT NULL REFERENCES organizations (id),
    kind            TEXT    NOT NULL CHECK (kind IN ('assignment', 'project', 'single')),
    template_id     BLOB,
    project_id      BLOB,
    name            TEXT    NOT NULL,
    profile         TEXT    NOT NULL CHECK (profile IN ('older', 'newer')),
    state           TEXT    NOT NULL CHECK (state IN ('running', 'paused', 'finished', 'cancelled')),
    version         INTEGER NOT NULL,
    first_order     BLOB    NOT NULL,
    last_order      BLOB    NOT NULL,
    created_at      TEXT    NOT NULL,
    created_by      TEXT    NOT NULL,
    ended_at        TEXT,
    CHECK ((ended_at IS NOT NULL) = (state IN ('finished', 'cancelled')))
) STRICT, WITHOUT ROWID;

CREATE INDEX runs_open ON runs (id) WHERE ended_at IS NULL;
CREATE INDEX runs_organization ON runs (organization_id, id);

CREATE TABLE run_uploads (
    run_id      BLOB    NOT NULL REFERENCES runs (id),
    position    INTEGER NOT NULL,
    upload_id   BLOB    NOT NULL REFERENCES uploads (id),
    PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;

-- The truth about every work order. A state changes only with its event, in one transaction; version counts them.
-- device_id is the device that the order goes on with by itself, and NULL while it doesn't: it waits for a person or
-- another order, or is over. claim is what the order does to an extension, products how many it makes; given_back is
-- what of these the order doesn't hold at present. stop_requested says how an order that a worker has in hand stops
-- once its step is recorded.
CREATE TABLE orders (
    number          INTEGER NOT NULL PRIMARY KEY,
    id              BLOB    NOT NULL UNIQUE,
    run_id          BLOB    NOT NULL,
    organization_id BLOB    NOT NULL,
    upload_id       BLOB,
    row_number      INTEGER,
    subject         TEXT    NOT NULL,
    order_type      TEXT    NOT NULL,
    product         TEXT    NOT NULL,
    origin          TEXT    NOT NULL CHECK (origin IN ('batch', 'api', 'console')),
    object          TEXT,
    steps           TEXT    NOT NULL,
    step_count      INTEGER NOT NULL CHECK (step_count > 0),
    state           TEXT    NOT NULL,
    extended        TEXT,
    step            INTEGER NOT NULL CHECK (step >= 0 AND step <= step_count),
    attempts        INTEGER NOT NULL,
    unknown         INTEGER NOT NULL CHECK (unknown IN (0, 1)),
    starts          INTEGER NOT NULL,
    tries           INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    device_id       BLOB,
    shard           INTEGER NOT NULL,
    claim_epoch     INTEGER,
    not_before      TEXT,
    blocked_by      BLOB,
    needs_blocker   INTEGER NOT NULL CHECK (needs_blocker IN (0, 1)),
    claim           TEXT    CHECK (claim IN ('new', 'change', 'delete')),
    products        INTEGER NOT NULL,
    given_back      TEXT,
    reservation     TEXT    NOT NULL CHECK (reservation IN ('none', 'held', 'used')),
    stop_requested  TEXT    CHECK (stop_requested IN ('abort', 'cancel')),
    stop_by         TEXT,
    code            TEXT,
    message         TEXT,
    repair          TEXT,
    started_at      TEXT,
    ended_at        TEXT,
    CHECK (
        (state = 'initial' AND extended IS NULL AND blocked_by IS NULL AND step = 0)
        OR (state = 'initial' AND coalesce(extended, '') = 'wait_for_order' AND blocked_by IS NOT NULL AND step = 0)
        OR (state = 'released' AND coalesce(extended, '') IN ('being_provisioned', 'recoverable_error'))
        OR (state = 'released' AND coalesce(extended, '') = 'unrecoverable_error' AND origin = 'console')
        OR (state = 'hold' AND coalesce(extended, '') IN ('recoverable_error', 'unrecoverable_error', 'aborted'))
        OR (state = 'completed' AND extended IS NULL AND step = step_count)
        OR (state = 'cancelled' AND extended IS NULL AND step = 0)
    ),
    CHECK ((device_id IS NOT NULL) = (
        (state = 'initial' AND extended IS NULL)
        OR (state = 'released' AND coalesce(extended, '') = 'being_provisioned')
    )),
    CHECK (claim_epoch IS NULL OR device_id IS NOT NULL),
    CHECK ((stop_requested IS NULL) = (stop_by IS NULL)),
    CHECK ((ended_at IS NOT NULL) = (state IN ('hold', 'completed', 'cancelled')))
) STRICT;

CREATE INDEX orders_working ON orders (run_id, device_id, number) WHERE device_id IS NOT NULL;
CREATE INDEX orders_blocked ON orders (blocked_by) WHERE state = 'initial' AND blocked_by IS NOT NULL;
CREATE INDEX orders_stopping ON orders (shard) WHERE stop_requested IS NOT NULL;
-- No second open order on one object; one that waits for an earlier order of its run may name the same.
CREATE UNIQUE INDEX orders_open_object ON orders (organization_id, object)
    WHERE object IS NOT NULL AND state IN ('initial', 'released') AND blocked_by IS NULL;

-- The history: one row an event, written in the transaction that changes the order.
CREATE TABLE order_events (
    order_id    BLOB    NOT NULL,
    version     INTEGER NOT NULL,
    at          TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    step        INTEGER NOT NULL,
    state       TEXT    NOT NULL,
    extended    TEXT,
    code        TEXT,
    message     TEXT,
    PRIMARY KEY (order_id, version)
) STRICT, WITHOUT ROWID;

-- The extensions of the Phone System. A row is made when an order claims its values, so that a key, a user or a
-- number is never given twice; "before" holds what it was while a change or a deletion is open.
CREATE TABLE extensions (
    organization_id BLOB    NOT NULL REFERENCES organizations (id),
    key             TEXT    NOT NULL,
    directory_name  TEXT    NOT NULL,
    user_id         BLOB,
    number          TEXT,
    add_ons         TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('claimed', 'provisioned', 'changing', 'deleting')),
    before          TEXT,
    order_id        BLOB,
    template_id     BLOB,
    device_id       BLOB    NOT NULL,
    PRIMARY KEY (organization_id, key),
    CHECK ((state IN ('changing', 'deleting')) = (before IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX extensions_user ON extensions (organization_id, user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX extensions_number ON extensions (organization_id, number) WHERE number IS NOT NULL;
CREATE INDEX extensions_order ON extensions (order_id) WHERE order_id IS NOT NULL;

-- What an extension had before an open change: nobody else gets it before the change is through.
CREATE TABLE held_values (
    organization_id BLOB    NOT NULL REFERENCES organizations (id),
    kind            TEXT    NOT NULL CHECK (kind IN ('ext key', 'user', 'number')),
    value           TEXT    NOT NULL,
    order_id        BLOB    NOT NULL,
    PRIMARY KEY (organization_id, kind, value)
) STRICT, WITHOUT ROWID;

-- The products that subscribers own. A row is made with the order that is to make the product, so that no second
-- order makes the same; made_by_step is the step of that order which makes it.
CREATE TABLE inventory (
    organization_id BLOB    NOT NULL REFERENCES organizations (id),
    product         TEXT    NOT NULL,
    key             TEXT    NOT NULL,
    subscriber      TEXT    NOT NULL,
    service_area    TEXT,
    device_id       BLOB,
    attributes      TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('ordered', 'active')),
    order_id        BLOB,
    made_by_step    INTEGER NOT NULL,
    PRIMARY KEY (organization_id, product, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX inventory_subscriber ON inventory (organization_id, subscriber);
CREATE INDEX inventory_order ON inventory (order_id) WHERE state = 'ordered';
