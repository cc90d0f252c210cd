-- The controllers that the owner chose, what is asked, the MUD URLs of a day, whether the Thing is of its maker's classes, its network.
ALTER TABLE thing ADD COLUMN controllers TEXT NOT NULL DEFAULT '[]'; -- JSON: [{"class": "my-controller", "members": [MAC addresses]}, ...]
ALTER TABLE thing ADD COLUMN question TEXT;                         -- JSON: [time, {"about": "file"}]
ALTER TABLE thing ADD COLUMN others TEXT;                           -- JSON: [time, [URLs]]
ALTER TABLE thing ADD COLUMN grouped INTEGER NOT NULL DEFAULT 0;    -- 0 or 1
ALTER TABLE thing ADD COLUMN lan TEXT;                              -- the interface of its network

-- Who did it. Of the rows before this it is not known who did them; those that only the owner can do were his.
ALTER TABLE journal ADD COLUMN by TEXT NOT NULL DEFAULT '"mudguard"'; -- JSON: "page", "command-line", {"token": NAME}, "maker", "thing", "mudguard"
UPDATE journal SET by = '"command-line"' WHERE kind IN
    ('approved', 'rejected', 'allowed', 'blocked', 'lifted', 'mode-set', 'renamed', 'forgotten', 'undone');

-- A file that waits for the owner.
CREATE TABLE waiting_file (
    url       TEXT NOT NULL PRIMARY KEY,
    bytes     BLOB NOT NULL,
    sha256    BLOB NOT NULL, -- of `bytes`
    trust     TEXT NOT NULL, -- JSON: why it would be believed
    retrieved TEXT NOT NULL,
    etag      TEXT,
    doubt     TEXT NOT NULL, -- what stands in the way
    reason    TEXT NOT NULL  -- in words; foreign text may stand in it
) STRICT;

-- How a row of the journal is taken back.
CREATE TABLE undo (
    id   INTEGER NOT NULL PRIMARY KEY, -- of the row
    step TEXT    NOT NULL              -- JSON
) STRICT;
