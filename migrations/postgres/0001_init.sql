-- Tables and columns are those of the SQLite migration of the same number; a test compares them.

CREATE TABLE counters (
    name text   NOT NULL PRIMARY KEY,
    next bigint NOT NULL
);

INSERT INTO counters (name, next) VALUES ('order_number', 1);

-- One lease a shard: who holds it, how often it changed hands, and the holder's heartbeat.
CREATE TABLE shard_leases (
    shard  bigint NOT NULL PRIMARY KEY,
    holder uuid,
    epoch  bigint NOT NULL,
    beat   bigint NOT NULL
);

CREATE TABLE organizations (
    id         uuid        NOT NULL PRIMARY KEY,
    name       text        NOT NULL UNIQUE,
    profile    text        NOT NULL CHECK (profile IN ('older', 'newer')),
    created_at timestamptz NOT NULL
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
    organization_id uuid   NOT NULL REFERENCES organizations (id),
    code            text   NOT NULL,
    name            text   NOT NULL,
    owned           bigint NOT NULL,
    free            bigint NOT NULL CHECK (free >= 0),
    reserved        bigint NOT NULL CHECK (reserved >= 0),
    used            bigint NOT NULL CHECK (used >= 0),
    PRIMARY KEY (organization_id, code),
    CHECK (owned = free + reserved + used)
);

CREATE TABLE devices (
    id              uuid  NOT NULL PRIMARY KEY,
    organization_id uuid  NOT NULL REFERENCES organizations (id),
    name            text  NOT NULL,
    kind            text  NOT NULL,
    address         text  NOT NULL,
    version         text,
    login           text  NOT NULL,
    password        text  NOT NULL,
    ca              text,
    limits          jsonb NOT NULL,
    UNIQUE (organization_id, name)
);

CREATE TABLE uploads (
    id              uuid        NOT NULL PRIMARY KEY,
    organization_id uuid        NOT NULL REFERENCES organizations (id),
    name            text        NOT NULL,
    kind            text        NOT NULL,
    sha256          text        NOT NULL,
    size            bigint      NOT NULL,
    storage_key     text        NOT NULL,
    uploaded_at     timestamptz NOT NULL,
    uploaded_by     text        NOT NULL
);

CREATE INDEX uploads_sha256 ON uploads (organization_id, sha256);

-- Rows of an upload that were refused, so that a report made later says what was said then.
CREATE TABLE refused_rows (
    upload_id  uuid   NOT NULL REFERENCES uploads (id),
    row_number bigint NOT NULL,
    findings   jsonb  NOT NULL,
    PRIMARY KEY (upload_id, row_number)
);

-- Bulk-assignment templates.
CREATE TABLE templates (
    id              uuid        NOT NULL PRIMARY KEY,
    organization_id uuid        NOT NULL REFERENCES organizations (id),
    name            text        NOT NULL,
    add_ons         jsonb       NOT NULL,
    status          text        NOT NULL CHECK (status IN ('draft', 'in_progress', 'completed')),
    total_users     bigint      NOT NULL CHECK (total_users BETWEEN 0 AND 15000),
    run_id          uuid,
    version         bigint      NOT NULL,
    created_at      timestamptz NOT NULL,
    created_by      text        NOT NULL,
    CHECK ((status = 'draft') = (run_id IS NULL))
);

CREATE TABLE template_uploads (
    template_id uuid   NOT NULL REFERENCES templates (id),
    position    bigint NOT NULL,
    upload_id   uuid   NOT NULL REFERENCES uploads (id),
    PRIMARY KEY (template_id, position)
);

CREATE TABLE template_users (
    template_id uuid   NOT NULL REFERENCES templates (id),
    position    bigint NOT NULL,
    upload_id   uuid,
    row_number  bigint,
    ext_key     text   NOT NULL,
    user_id     uuid   NOT NULL,
    user_name   text   NOT NULL,
    number      text,
    PRIMARY KEY (template_id, position)
);

-- Batch projects: uploads whose rows become work orders.
CREATE TABLE projects (
    id              uuid        NOT NULL PRIMARY KEY,
    organization_id uuid        NOT NULL REFERENCES organizations (id),
    name            text        NOT NULL,
    status          text        NOT NULL CHECK (status IN ('draft', 'in_progress', 'completed')),
    run_id          uuid,
    version         bigint      NOT NULL,
    created_at      timestamptz NOT NULL,
    created_by      text        NOT NULL,
    CHECK ((status = 'draft') = (run_id IS NULL))
);

CREATE TABLE project_uploads (
    project_id uuid   NOT NULL REFERENCES projects (id),
    position   bigint NOT NULL,
    upload_id  uuid   NOT NULL REFERENCES uploads (id),
    PRIMARY KEY (project_id, position)
);

-- Domains, Service Areas, roles, and what is known of devices beside how to reach them: what an administrator sets up
-- once and orders are checked by.
CREATE TABLE infrastructure (
    organization_id uuid  NOT NULL REFERENCES organizations (id),
    kind            text  NOT NULL CHECK (kind IN ('domain', 'service_area', 'role', 'processor')),
    name            text  NOT NULL,
    settings        jsonb NOT NULL,
    PRIMARY KEY (organization_id, kind, name)
);

-- The people who own products.
CREATE TABLE subscribers (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    user_id         text NOT NULL,
    first_name      text,
    last_name       text NOT NULL,
    email           text,
    role            text NOT NULL,
    domain          text NOT NULL,
    identity_id     uuid,
    PRIMARY KEY (organization_id, user_id)
);

-- first_order and last_order bound the ids of the run's orders, which are made together and rise with the rows, so
-- that a report reads one range of them.
CREATE TABLE runs (
    id              uuid        NOT NULL PRIMARY KEY,
    organization_id uuid        NOT NULL REFERENCES organizations (id),
    kind            text        NOT NULL CHECK (kind IN ('assignment', 'project', 'single')),
    template_id     uuid,
    project_id      uuid,
    name            text        NOT NULL,
    profile         text        NOT NULL CHECK (profile IN ('older', 'newer')),
    state           text        NOT NULL CHECK (state IN ('running', 'paused', 'finished', 'cancelled')),
    version         bigint      NOT NULL,
    first_order     uuid        NOT NULL,
    last_order      uuid        NOT NULL,
    created_at      timestamptz NOT NULL,
    created_by      text        NOT NULL,
    ended_at        timestamptz,
    CHECK ((ended_at IS NOT NULL) = (state IN ('finished', 'cancelled')))
);

CREATE INDEX runs_open ON runs (id) WHERE ended_at IS NULL;
CREATE INDEX runs_organization ON runs (organization_id, id);

CREATE TABLE run_uploads (
    run_id    uuid   NOT NULL REFERENCES runs (id),
    position  bigint NOT NULL,
    upload_id uuid   NOT NULL REFERENCES uploads (id),
    PRIMARY KEY (run_id, position)
);

-- The truth about every work order. A state changes only with its event, in one transaction; version counts them.
-- device_id is the device that the order goes on with by itself, and NULL while it doesn't: it waits for a person or
-- another order, or is over. claim is what the order does to an extension, products how many it makes; given_back is
-- what of these the order doesn't hold at present. stop_requested says how an order that a worker has in hand stops
-- once its step is recorded.
CREATE TABLE orders (
    number          bigint      NOT NULL PRIMARY KEY,
    id              uuid        NOT NULL UNIQUE,
    run_id          uuid        NOT NULL,
    organization_id uuid        NOT NULL,
    upload_id       uuid,
    row_number      bigint,
    subject         text        NOT NULL,
    order_type      text        NOT NULL,
    product         text        NOT NULL,
    origin          text        NOT NULL CHECK (origin IN ('batch', 'api', 'console')),
    object          text,
    steps           jsonb       NOT NULL,
    step_count      bigint      NOT NULL CHECK (step_count > 0),
    state           text        NOT NULL,
    extended        text,
    step            bigint      NOT NULL CHECK (step >= 0 AND step <= step_count),
    attempts        bigint      NOT NULL,
    unknown         boolean     NOT NULL,
    starts          bigint      NOT NULL,
    tries           bigint      NOT NULL,
    version         bigint      NOT NULL,
    device_id       uuid,
    shard           bigint      NOT NULL,
    claim_epoch     bigint,
    not_before      timestamptz,
    blocked_by      uuid,
    needs_blocker   boolean     NOT NULL,
    claim           text        CHECK (claim IN ('new', 'change', 'delete')),
    products        bigint      NOT NULL,
    given_back      jsonb,
    reservation     text        NOT NULL CHECK (reservation IN ('none', 'held', 'used')),
    stop_requested  text        CHECK (stop_requested IN ('abort', 'cancel')),
    stop_by         text,
    code            text,
    message         text,
    repair          text,
    started_at      timestamptz,
    ended_at        timestamptz,
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
);

CREATE INDEX orders_working ON orders (run_id, device_id, number) WHERE device_id IS NOT NULL;
CREATE INDEX orders_blocked ON orders (blocked_by) WHERE state = 'initial' AND blocked_by IS NOT NULL;
CREATE INDEX orders_stopping ON orders (shard) WHERE stop_requested IS NOT NULL;
-- No second open order on one object; one that waits for an earlier order of its run may name the same.
CREATE UNIQUE INDEX orders_open_object ON orders (organization_id, object)
    WHERE object IS NOT NULL AND state IN ('initial', 'released') AND blocked_by IS NULL;

-- The history: one row an event, written in the transaction that changes the order.
CREATE TABLE order_events (
    order_id uuid        NOT NULL,
    version  bigint      NOT NULL,
    at       timestamptz NOT NULL,
    kind     text        NOT NULL,
    actor    text        NOT NULL,
    step     bigint      NOT NULL,
    state    text        NOT NULL,
    extended text,
    code     text,
    message  text,
    PRIMARY KEY (order_id, version)
);

-- The extensions of the Phone System. A row is made when an order claims its values, so that a key, a user or a
-- number is never given twice; "before" holds what it was while a change or a deletion is open.
CREATE TABLE extensions (
    organization_id uuid  NOT NULL REFERENCES organizations (id),
    key             text  NOT NULL,
    directory_name  text  NOT NULL,
    user_id         uuid,
    number          text,
    add_ons         jsonb NOT NULL,
    state           text  NOT NULL CHECK (state IN ('claimed', 'provisioned', 'changing', 'deleting')),
    before          jsonb,
    order_id        uuid,
    template_id     uuid,
    device_id       uuid  NOT NULL,
    PRIMARY KEY (organization_id, key),
    CHECK ((state IN ('changing', 'deleting')) = (before IS NOT NULL))
);

CREATE UNIQUE INDEX extensions_user ON extensions (organization_id, user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX extensions_number ON extensions (organization_id, number) WHERE number IS NOT NULL;
CREATE INDEX extensions_order ON extensions (order_id) WHERE order_id IS NOT NULL;

-- What an extension had before an open change: nobody else gets it before the change is through.
CREATE TABLE held_values (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    kind            text NOT NULL CHECK (kind IN ('ext key', 'user', 'number')),
    value           text NOT NULL,
    order_id        uuid NOT NULL,
    PRIMARY KEY (organization_id, kind, value)
);

-- The products that subscribers own. A row is made with the order that is to make the product, so that no second
-- order makes the same; made_by_step is the step of that order which makes it.
CREATE TABLE inventory (
    organization_id uuid   NOT NULL REFERENCES organizations (id),
    product         text   NOT NULL,
    key             text   NOT NULL,
    subscriber      text   NOT NULL,
    service_area    text,
    device_id       uuid,
    attributes      jsonb  NOT NULL,
    state           text   NOT NULL CHECK (state IN ('ordered', 'active')),
    order_id        uuid,
    made_by_step    bigint NOT NULL,
    PRIMARY KEY (organization_id, product, key)
);

CREATE INDEX inventory_subscriber ON inventory (organization_id, subscriber);
CREATE INDEX inventory_order ON inventory (order_id) WHERE state = 'ordered';
