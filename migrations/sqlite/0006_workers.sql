-- The workers that are at work, each with its heartbeat: by their number they share the shards out. A worker that holds
-- no shard yet is known by nothing else.
CREATE TABLE workers (
    id   BLOB    NOT NULL PRIMARY KEY,
    beat INTEGER NOT NULL
) STRICT;
