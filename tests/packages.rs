//! The Debian packages of the programs that a home runs, and of those that tests need besides.
//!
//! What it is not: it installs nothing; the developer command does.

use std::{env, path::PathBuf};

/// Packages, each with a program that shows whether it is installed.
pub const PACKAGES: [(&str, &str); 11] = [
    ("bind9-utils", "dnssec-signzone"),
    ("dnsmasq-base", "dnsmasq"),
    ("iproute2", "ip"),
    ("iputils-ping", "ping"),
    ("isc-dhcp-client", "dhclient"),
    ("nftables", "nft"),
    ("nsd", "nsd"),
    ("openssl", "openssl"),
    ("udhcpc", "udhcpc"),
    ("unbound", "unbound"),
    ("util-linux", "setsid"),
];

/// Packages that some tests need besides; those tests say so and are left out without them.
pub const TEST_PACKAGES: [(&str, &str); 12] = [
    ("avahi-daemon", "avahi-daemon"),
    ("avahi-utils", "avahi-browse"),
    ("bind9", "named"),
    ("dbus-daemon", "dbus-daemon"),
    ("faketime", "faketime"),
    ("freeradius", "freeradius"),
    ("hostapd", "hostapd"),
    ("isc-dhcp-relay", "dhcrelay"),
    ("knot-resolver", "kresd"),
    ("lldpd", "lldpd"),
    ("minissdpd", "minissdpd"),
    ("wpasupplicant", "wpa_supplicant"),
];

/// Those of these packages that are not installed.
pub fn missing_packages(packages: &[(&'static str, &str)]) -> Vec<&'static str> {
    packages
        .iter()
        .filter(|(_, program)| installed(program).is_none())
        .map(|(package, _)| *package)
        .collect()
}

/// Where a program is, if it is installed in one of the folders of `PATH`.
pub(crate) fn installed(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
