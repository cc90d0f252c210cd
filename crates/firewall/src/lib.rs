//! Policies to an nftables ruleset, applied atomically; elements over netlink.
