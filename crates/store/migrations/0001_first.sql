-- Times are RFC 3339 in UTC with nine digits of a second, so that their order as text is their order in time.
-- 0x4d554447 is "MUDG": by it a database is known as ours before anything is changed in it.
PRAGMA application_id = 0x4d554447;

-- A Thing by its MAC address, with the decisions of the owner about it.
CREATE TABLE thing (
    mac                TEXT    NOT NULL PRIMARY KEY, -- 02:00:00:00:0a:01
    name               TEXT,                         -- given by the owner
    host_name          TEXT,                         -- given by the Thing itself: foreign text
    port               TEXT,                         -- the bridge port
    first_seen         TEXT    NOT NULL,
    last_seen          TEXT    NOT NULL,
    url                TEXT,                         -- the MUD URL
    channel            TEXT,                         -- how the URL was learnt; set exactly when `url` is
    bindings           TEXT    NOT NULL,             -- JSON: [{"address": "192.0.2.7", "expires": null}, ...]
    addresses_approved BLOB,                         -- SHA-256 of the file whose addresses were approved
    admitted           INTEGER NOT NULL,             -- 0 or 1
    rejected           TEXT                          -- what the owner rejected last
) STRICT;

-- The last good file of a MUD URL.
CREATE TABLE file (
    url       TEXT NOT NULL PRIMARY KEY,
    bytes     BLOB NOT NULL,
    sha256    BLOB NOT NULL, -- of `bytes`
    trust     TEXT NOT NULL, -- JSON: why it is believed
    retrieved TEXT NOT NULL,
    etag      TEXT
) STRICT;

-- What happened, the oldest first.
CREATE TABLE journal (
    id     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at     TEXT    NOT NULL,
    thing  TEXT,             -- a MAC address
    kind   TEXT    NOT NULL,
    detail TEXT    NOT NULL  -- foreign text may stand in it
) STRICT;
