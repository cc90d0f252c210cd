//! IoT-11 and CnMUD-13: the ways in which a Thing says its MUD URL, and Things that say none.
