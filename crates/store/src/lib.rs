//! Things, last good files, decisions and the journal: the only SQL.
