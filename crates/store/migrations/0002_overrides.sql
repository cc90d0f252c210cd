-- What the owner decided beside the file of a Thing, and every "no" instead of the last one only.
ALTER TABLE thing ADD COLUMN overrides TEXT NOT NULL DEFAULT '[]'; -- JSON: [{"id": 1, "what": {"kind": "lift"}, "made": ..., "until": ...}, ...]

-- From now on JSON, a list of texts, the latest last; NULL while the owner rejected nothing.
UPDATE thing SET rejected = json_array(rejected) WHERE rejected IS NOT NULL;
