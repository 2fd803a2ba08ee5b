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

-- first_order and last_order bound the ids of the run's orders, which are made together and rise with the rows: a
-- report reads one range of the primary key and needs no index of its own.
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

CREATE TABLE run_uploads (
    run_id      BLOB    NOT NULL REFERENCES runs (id),
    position    INTEGER NOT NULL,
    upload_id   BLOB    NOT NULL REFERENCES uploads (id),
    PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;

-- The truth about every work order. A state changes only with its event, in one transaction.
CREATE TABLE orders (
    id              BLOB    NOT NULL PRIMARY KEY,
    number          INTEGER NOT NULL,
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
    step            INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    unknown         INTEGER NOT NULL CHECK (unknown IN (0, 1)),
    starts          INTEGER NOT NULL,
    tries           INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    device_id       BLOB    NOT NULL,
    shard           INTEGER NOT NULL,
    claim_epoch     INTEGER,
    not_before      TEXT,
    blocked_by      BLOB,
    reservation     TEXT    NOT NULL CHECK (reservation IN ('none', 'held', 'used')),
    stop_requested  TEXT,
    code            TEXT,
    message         TEXT,
    repair          TEXT,
    started_at      TEXT,
    ended_at        TEXT,
    CHECK (step BETWEEN 0 AND step_count),
    CHECK (
        (state = 'initial' AND extended IS NULL AND blocked_by IS NULL AND step = 0)
        OR (state = 'initial' AND extended = 'wait_for_order' AND blocked_by IS NOT NULL AND step = 0)
        OR (state = 'released' AND extended IN ('being_provisioned', 'recoverable_error'))
        OR (state = 'released' AND extended = 'unrecoverable_error' AND origin = 'console')
        OR (state = 'hold' AND extended IN ('recoverable_error', 'unrecoverable_error', 'aborted'))
        OR (state = 'completed' AND extended IS NULL AND step = step_count)
        OR (state = 'cancelled' AND extended IS NULL AND step = 0)
    ),
    CHECK (claim_epoch IS NULL OR (state = 'released' AND extended = 'being_provisioned')),
    CHECK ((ended_at IS NOT NULL) = (state IN ('hold', 'completed', 'cancelled')))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX orders_number ON orders (number);
-- What a holder claims from: the orders that may go on by themselves, oldest first.
CREATE INDEX orders_ready ON orders (device_id, id)
    WHERE (state = 'initial' AND extended IS NULL) OR (state = 'released' AND extended = 'being_provisioned');
-- What keeps a run from being over.
CREATE INDEX orders_working ON orders (run_id)
    WHERE (state = 'initial' AND extended IS NULL) OR (state = 'released' AND extended = 'being_provisioned');
CREATE INDEX orders_blocked ON orders (blocked_by) WHERE blocked_by IS NOT NULL;
-- No second open order on one object.
CREATE UNIQUE INDEX orders_open_object ON orders (organization_id, object)
    WHERE object IS NOT NULL AND state IN ('initial', 'released');

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
