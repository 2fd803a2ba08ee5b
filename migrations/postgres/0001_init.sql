-- Tables and columns are those of the SQLite migration of the same number; a test compares them.

CREATE TABLE counters (
    name    text    NOT NULL PRIMARY KEY,
    next    bigint NOT NULL
);

INSERT INTO counters (name, next) VALUES ('order_number', 1);

-- One lease a shard: who holds it, how often it changed hands, and the holder's heartbeat.
CREATE TABLE shard_leases (
    shard   bigint NOT NULL PRIMARY KEY,
    holder  uuid,
    epoch   bigint NOT NULL,
    beat    bigint NOT NULL
);

CREATE TABLE organizations (
    id          uuid NOT NULL PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    profile     text NOT NULL CHECK (profile IN ('older', 'newer')),
    created_at  timestamptz NOT NULL
);

CREATE TABLE users (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    name            text NOT NULL,
    PRIMARY KEY (organization_id, id)
);

CREATE TABLE numbers (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    number          text NOT NULL,
    PRIMARY KEY (organization_id, number)
);

CREATE TABLE licences (
    organization_id uuid    NOT NULL REFERENCES organizations (id),
    code            text    NOT NULL,
    name            text    NOT NULL,
    owned           bigint NOT NULL,
    free            bigint NOT NULL CHECK (free >= 0),
    reserved        bigint NOT NULL CHECK (reserved >= 0),
    used            bigint NOT NULL CHECK (used >= 0),
    PRIMARY KEY (organization_id, code),
    CHECK (owned = free + reserved + used)
);

CREATE TABLE devices (
    id              uuid NOT NULL PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations (id),
    name            text NOT NULL,
    kind            text NOT NULL,
    address         text NOT NULL,
    version         text,
    login           text NOT NULL,
    password        text NOT NULL,
    ca              text,
    limits          jsonb NOT NULL,
    UNIQUE (organization_id, name)
);

CREATE TABLE uploads (
    id              uuid    NOT NULL PRIMARY KEY,
    organization_id uuid    NOT NULL REFERENCES organizations (id),
    name            text    NOT NULL,
    kind            text    NOT NULL,
    sha256          text    NOT NULL,
    size            bigint NOT NULL,
    storage_key     text    NOT NULL,
    uploaded_at     timestamptz    NOT NULL,
    uploaded_by     text    NOT NULL
);

-- Rows of an upload that were refused, so that a report made later says what was said then.
CREATE TABLE refused_rows (
    upload_id   uuid    NOT NULL REFERENCES uploads (id),
    row_number  bigint NOT NULL,
    findings    jsonb    NOT NULL,
    PRIMARY KEY (upload_id, row_number)
);

-- Bulk-assignment templates.
CREATE TABLE templates (
    id              uuid    NOT NULL PRIMARY KEY,
    organization_id uuid    NOT NULL REFERENCES organizations (id),
    name            text    NOT NULL,
    add_ons         jsonb    NOT NULL,
    status          text    NOT NULL CHECK (status IN ('draft', 'in_progress', 'completed')),
    total_users     bigint NOT NULL CHECK (total_users BETWEEN 0 AND 15000),
    run_id          uuid,
    version         bigint NOT NULL,
    created_at      timestamptz    NOT NULL,
    created_by      text    NOT NULL,
    CHECK ((status = 'draft') = (run_id IS NULL))
);

CREATE TABLE template_uploads (
    template_id uuid    NOT NULL REFERENCES templates (id),
    position    bigint NOT NULL,
    upload_id   uuid    NOT NULL REFERENCES uploads (id),
    PRIMARY KEY (template_id, position)
);

CREATE TABLE template_users (
    template_id uuid    NOT NULL REFERENCES templates (id),
    position    bigint NOT NULL,
    upload_id   uuid,
    row_number  bigint,
    ext_key     text    NOT NULL,
    user_id     uuid    NOT NULL,
    user_name   text    NOT NULL,
    number      text,
    PRIMARY KEY (template_id, position)
);

-- first_order and last_order bound the ids of the run's orders, which are made together and rise with the rows: a
-- report reads one range of the primary key and needs no index of its own.
CREATE TABLE runs (
    id              uuid    NOT NULL PRIMARY KEY,
    organization_id uuid    NOT NULL REFERENCES organizations (id),
    kind            text    NOT NULL CHECK (kind IN ('assignment', 'project', 'single')),
    template_id     uuid,
    project_id      uuid,
    name            text    NOT NULL,
    profile         text    NOT NULL CHECK (profile IN ('older', 'newer')),
    state           text    NOT NULL CHECK (state IN ('running', 'paused', 'finished', 'cancelled')),
    version         bigint NOT NULL,
    first_order     uuid    NOT NULL,
    last_order      uuid    NOT NULL,
    created_at      timestamptz    NOT NULL,
    created_by      text    NOT NULL,
    ended_at        timestamptz,
    CHECK ((ended_at IS NOT NULL) = (state IN ('finished', 'cancelled')))
);

CREATE TABLE run_uploads (
    run_id      uuid    NOT NULL REFERENCES runs (id),
    position    bigint NOT NULL,
    upload_id   uuid    NOT NULL REFERENCES uploads (id),
    PRIMARY KEY (run_id, position)
);

-- The truth about every work order. A state changes only with its event, in one transaction.
CREATE TABLE orders (
    id              uuid    NOT NULL PRIMARY KEY,
    number          bigint NOT NULL,
    run_id          uuid    NOT NULL,
    organization_id uuid    NOT NULL,
    upload_id       uuid,
    row_number      bigint,
    subject         text    NOT NULL,
    order_type      text    NOT NULL,
    product         text    NOT NULL,
    origin          text    NOT NULL CHECK (origin IN ('batch', 'api', 'console')),
    object          text,
    steps           jsonb    NOT NULL,
    step_count      bigint NOT NULL CHECK (step_count > 0),
    state           text    NOT NULL,
    extended        text,
    step            bigint NOT NULL,
    attempts        bigint NOT NULL,
    unknown         boolean NOT NULL,
    starts          bigint NOT NULL,
    tries           bigint NOT NULL,
    version         bigint NOT NULL,
    device_id       uuid    NOT NULL,
    shard           bigint NOT NULL,
    claim_epoch     bigint,
    not_before      timestamptz,
    blocked_by      uuid,
    reservation     text    NOT NULL CHECK (reservation IN ('none', 'held', 'used')),
    stop_requested  text,
    code            text,
    message         text,
    repair          text,
    started_at      timestamptz,
    ended_at        timestamptz,
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
);

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
    order_id    uuid    NOT NULL,
    version     bigint NOT NULL,
    at          timestamptz    NOT NULL,
    kind        text    NOT NULL,
    actor       text    NOT NULL,
    step        bigint NOT NULL,
    state       text    NOT NULL,
    extended    text,
    code        text,
    message     text,
    PRIMARY KEY (order_id, version)
);

-- The extensions of the Phone System. A row is made when an order claims its values, so that a key, a user or a
-- number is never given twice; "before" holds what it was while a change or a deletion is open.
CREATE TABLE extensions (
    organization_id uuid    NOT NULL REFERENCES organizations (id),
    key             text    NOT NULL,
    directory_name  text    NOT NULL,
    user_id         uuid,
    number          text,
    add_ons         jsonb    NOT NULL,
    state           text    NOT NULL CHECK (state IN ('claimed', 'provisioned', 'changing', 'deleting')),
    before          jsonb,
    order_id        uuid,
    template_id     uuid,
    device_id       uuid    NOT NULL,
    PRIMARY KEY (organization_id, key),
    CHECK ((state IN ('changing', 'deleting')) = (before IS NOT NULL))
);

CREATE UNIQUE INDEX extensions_user ON extensions (organization_id, user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX extensions_number ON extensions (organization_id, number) WHERE number IS NOT NULL;
CREATE INDEX extensions_order ON extensions (order_id) WHERE order_id IS NOT NULL;
