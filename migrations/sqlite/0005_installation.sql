-- What is fixed when an installation is made. There is one row at most.
CREATE TABLE installation (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    shards INTEGER NOT NULL CHECK (shards BETWEEN 1 AND 1024)
) STRICT;

-- Orders carry their shard, so an installation that has some keeps the number that it was made with.
INSERT INTO installation (id, shards) SELECT 1, 64 WHERE EXISTS (SELECT 1 FROM orders);
