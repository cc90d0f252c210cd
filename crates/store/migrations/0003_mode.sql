-- The mode that the owner chose for a Thing instead of the home's: watch, ask or protect.
ALTER TABLE thing ADD COLUMN mode TEXT;
