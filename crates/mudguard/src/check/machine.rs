//! Facts from files of this machine: `/sys`, `/proc`, `/etc`. Everything is read with bounds, and what is not there is not there.

use std::{
    fs::{self, File},
    io::Read,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::{Path, PathBuf},
};

use nix::{
    sys::statvfs::{Statvfs, statvfs},
    unistd::{AccessFlags, access},
};

use super::{Folder, Lan, Listener, Port, Radio};

/// The longest file that is read, in octets.
const MAX_FILE: u64 = 256 * 1024;

/// At most so many entries of a folder are looked at.
const ENTRIES: usize = 4096;

/// The port of DNS, as `/proc/net` writes it, and the state of a socket that listens: of TCP, and of UDP without a peer.
const DNS: &str = ":0035";
const LISTENS: [&str; 2] = ["0A", "07"];

/// A machine, or a folder that looks like one.
#[derive(Debug)]
pub(crate) struct Machine {
    root: PathBuf,
}

impl Machine {
    pub(crate) fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// `None` if it cannot be read.
    fn text(&self, path: &str) -> Option<String> {
        text(&self.path(path))
    }

    fn is_on(&self, path: &str) -> bool {
        self.text(path)
            .is_some_and(|text| !matches!(text.trim(), "" | "0"))
    }

    pub(crate) fn bridge_calls(&self) -> Option<[bool; 2]> {
        let folder = "proc/sys/net/bridge";
        self.path(folder).exists().then(|| {
            ["iptables", "ip6tables"].map(|name| self.is_on(&format!("{folder}/bridge-nf-call-{name}")))
        })
    }

    pub(crate) fn forwarding(&self) -> [bool; 2] {
        ["net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"]
            .map(|setting| self.is_on(&format!("proc/sys/{setting}")))
    }

    /// A network of the LAN.
    pub(crate) fn lan(&self, interface: &str) -> Lan {
        let folder = format!("sys/class/net/{interface}");
        let mut ports: Vec<_> = names(&self.path(&format!("{folder}/brif")))
            .map(|name| self.port(name))
            .collect();
        ports.sort_by(|one, other| one.name.cmp(&other.name));
        let checks = |of: &str| self.is_on(&format!("proc/sys/net/ipv4/conf/{of}/rp_filter"));
        Lan {
            is_there: self.path(&folder).exists(),
            ports,
            checks_sources: checks("all") || checks(interface),
            interface: interface.to_owned(),
        }
    }

    fn port(&self, name: String) -> Port {
        let folder = format!("sys/class/net/{name}");
        let chip = self.text(&format!("{folder}/phys_switch_id"));
        Port {
            switch: chip
                .map(|chip| chip.trim().to_owned())
                .filter(|chip| !chip.is_empty()),
            is_wireless: ["phy80211", "wireless"]
                .iter()
                .any(|sign| self.path(&format!("{folder}/{sign}")).exists()),
            is_isolated: self.is_on(&format!("{folder}/brport/isolated")),
            name,
        }
    }

    /// Whether OpenWrt's firewall offloads flows, in software and in hardware.
    pub(crate) fn offloading(&self) -> [bool; 2] {
        let sections = sections(&self.text("etc/config/firewall").unwrap_or_default());
        ["flow_offloading", "flow_offloading_hw"]
            .map(|option| sections.iter().any(|section| section.is_on(option)))
    }

    /// The networks of the radios, as OpenWrt and hostapd are configured.
    pub(crate) fn radios(&self) -> Vec<Radio> {
        let wireless = sections(&self.text("etc/config/wireless").unwrap_or_default());
        let mut radios = Vec::new();
        let networks = wireless.iter().filter(|section| section.kind == "wifi-iface");
        for (number, section) in networks.enumerate() {
            let name = section
                .name
                .clone()
                .unwrap_or_else(|| format!("@wifi-iface[{number}]"));
            if section.get("mode") == Some("ap") && !section.is_on("disabled") {
                radios.push(Radio {
                    name,
                    is_isolated: section.is_on("isolate"),
                    is_section: true,
                });
            }
        }
        // OpenWrt writes the files of hostapd from its own configuration.
        if wireless.is_empty() {
            for folder in ["etc/hostapd", "run", "var/run"] {
                let files = names(&self.path(folder)).filter(|name| {
                    Path::new(name)
                        .extension()
                        .is_some_and(|extension| extension == "conf")
                        && (folder == "etc/hostapd" || name.starts_with("hostapd"))
                });
                for name in files {
                    radios.extend(hostapd(
                        &self.text(&format!("{folder}/{name}")).unwrap_or_default(),
                    ));
                }
            }
        }
        radios
    }

    /// Who listens on port 53.
    pub(crate) fn listeners(&self) -> Vec<Listener> {
        let mut found: Vec<(IpAddr, String)> = Vec::new();
        for table in ["udp", "udp6", "tcp", "tcp6"] {
            let text = self.text(&format!("proc/net/{table}")).unwrap_or_default();
            found.extend(text.lines().skip(1).filter_map(listening));
        }
        let programs = if found.is_empty() {
            Vec::new()
        } else {
            self.owners(&found)
        };
        found
            .into_iter()
            .map(|(address, socket)| Listener {
                program: programs
                    .iter()
                    .find(|(of, _)| *of == socket)
                    .map(|(_, program)| program.clone()),
                address,
            })
            .collect()
    }

    /// The programs that have these sockets.
    fn owners(&self, sockets: &[(IpAddr, String)]) -> Vec<(String, String)> {
        let mut owners = Vec::new();
        let processes =
            names(&self.path("proc")).filter(|name| name.bytes().all(|octet| octet.is_ascii_digit()));
        for process in processes {
            let folder = self.path(&format!("proc/{process}/fd"));
            for name in names(&folder) {
                let Ok(target) = fs::read_link(folder.join(name)) else {
                    continue;
                };
                let target = target.to_string_lossy();
                let Some(socket) = target
                    .strip_prefix("socket:[")
                    .and_then(|rest| rest.strip_suffix(']'))
                else {
                    continue;
                };
                if sockets.iter().any(|(_, wanted)| wanted == socket)
                    && let Some(program) = self.text(&format!("proc/{process}/comm"))
                {
                    owners.push((socket.to_owned(), program.trim().to_owned()));
                }
            }
        }
        owners
    }
}

/// The folder of the database, which a gateway makes itself if it can.
pub(crate) fn folder(path: &Path) -> Folder {
    let there = path
        .ancestors()
        .find(|ancestor| ancestor.exists())
        .unwrap_or(path);
    Folder {
        path: path.display().to_string(),
        fault: access(there, AccessFlags::W_OK)
            .err()
            .map(|error| error.desc().to_owned()),
        free: statvfs(there).ok().and_then(|disk| free(&disk)),
    }
}

#[allow(clippy::useless_conversion, reason = "the types differ between architectures")]
fn free(disk: &Statvfs) -> Option<u64> {
    u64::from(disk.blocks_available()).checked_mul(u64::from(disk.fragment_size()))
}

fn text(path: &Path) -> Option<String> {
    let mut octets = Vec::new();
    File::open(path)
        .ok()?
        .take(MAX_FILE)
        .read_to_end(&mut octets)
        .ok()?;
    Some(String::from_utf8_lossy(&octets).into_owned())
}

fn names(folder: &Path) -> impl Iterator<Item = String> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .take(ENTRIES)
        .filter_map(|entry| entry.file_name().into_string().ok())
}

/// The address and the number of a socket that listens on port 53, from a line of `/proc/net`.
fn listening(line: &str) -> Option<(IpAddr, String)> {
    let mut fields = line.split_ascii_whitespace();
    let address = fields.nth(1)?.strip_suffix(DNS)?;
    let state = fields.nth(1)?;
    let socket = fields.nth(5)?;
    if !LISTENS.contains(&state) {
        return None;
    }
    // Words of four octets, each in the order of this machine.
    let word = |at: usize| {
        let word = address.get(at * 8..at * 8 + 8)?;
        u32::from_str_radix(word, 16).ok().map(u32::to_ne_bytes)
    };
    let address = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let octets: Vec<_> = (0..4).filter_map(word).flatten().collect();
            IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?))
        }
        _ => return None,
    };
    Some((address, socket.to_owned()))
}

/// A section of OpenWrt's configuration (UCI).
#[derive(Debug, Default)]
struct Section {
    kind: String,
    name: Option<String>,
    options: Vec<(String, String)>,
}

impl Section {
    fn get(&self, option: &str) -> Option<&str> {
        let mut options = self.options.iter();
        options
            .find(|(name, _)| name == option)
            .map(|(_, value)| value.as_str())
    }

    fn is_on(&self, option: &str) -> bool {
        matches!(self.get(option), Some("1" | "on" | "true" | "yes" | "enabled"))
    }
}

fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let keyword = words.next();
        let mut word = || words.next().map(|word| word.trim_matches(['\'', '"']).to_owned());
        match keyword {
            Some("config") => sections.push(Section {
                kind: word().unwrap_or_default(),
                name: word(),
                options: Vec::new(),
            }),
            Some("option") => {
                if let (Some(section), Some(name), Some(value)) = (sections.last_mut(), word(), word()) {
                    section.options.push((name, value));
                }
            }
            _ => {}
        }
    }
    sections
}

/// The networks in a file of hostapd: one, and one more for each `bss`.
fn hostapd(text: &str) -> Vec<Radio> {
    let mut radios: Vec<Radio> = Vec::new();
    for line in text.lines() {
        match line.trim().split_once('=') {
            Some(("interface" | "bss", name)) => radios.push(Radio {
                name: name.to_owned(),
                is_isolated: false,
                is_section: false,
            }),
            Some(("ap_isolate", value)) => {
                if let Some(radio) = radios.last_mut() {
                    radio.is_isolated = value == "1";
                }
            }
            _ => {}
        }
    }
    radios
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Machine) {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let machine = Machine::new(folder.path());
        (folder, machine)
    }

    #[test]
    fn ports_of_a_switch_chip_and_of_a_radio_are_told_from_others() {
        let (_folder, machine) = machine(&[
            ("sys/class/net/br-lan/brif/lan1", ""),
            ("sys/class/net/br-lan/brif/phy0-ap0", ""),
            ("sys/class/net/br-lan/brif/eth3", ""),
            ("sys/class/net/lan1/phys_switch_id", "00000000\n"),
            ("sys/class/net/lan1/brport/isolated", "1\n"),
            ("sys/class/net/phy0-ap0/phy80211/name", "phy0"),
            ("proc/sys/net/ipv4/conf/br-lan/rp_filter", "2\n"),
        ]);
        let lan = machine.lan("br-lan");
        assert!(lan.is_there && lan.checks_sources && !machine.lan("br-guest").is_there);
        let told: Vec<_> = (lan.ports.iter())
            .map(|port| {
                (
                    &*port.name,
                    port.switch.is_some(),
                    port.is_wireless,
                    port.is_isolated,
                )
            })
            .collect();
        let expected = [
            ("eth3", false, false, false),
            ("lan1", true, false, true),
            ("phy0-ap0", false, true, false),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_openwrt_is_configured_to_do_is_read() {
        let (_folder, machine) = machine(&[
            (
                "etc/config/firewall",
                "config defaults\n\toption flow_offloading '1'\n\toption flow_offloading_hw '0'\n",
            ),
            (
                "etc/config/wireless",
                "config wifi-device 'radio0'\n\nconfig wifi-iface 'home'\n\toption mode 'ap'\n\toption isolate '1'\n\
                 config wifi-iface\n\toption mode 'ap'\nconfig wifi-iface 'off'\n\toption mode 'ap'\n\toption disabled '1'\n",
            ),
        ]);
        assert_eq!(machine.offloading(), [true, false]);
        assert_eq!(
            isolation(&machine),
            [("home".to_owned(), true), ("@wifi-iface[1]".to_owned(), false)]
        );
    }

    fn isolation(machine: &Machine) -> Vec<(String, bool)> {
        let radios = machine.radios().into_iter();
        radios.map(|radio| (radio.name, radio.is_isolated)).collect()
    }

    #[test]
    fn each_network_of_hostapd_has_its_own_isolation() {
        let (_folder, machine) = machine(&[(
            "etc/hostapd/hostapd.conf",
            "interface=wlan0\nap_isolate=1\nbss=wlan0-1\nssid=guest\n",
        )]);
        assert_eq!(
            isolation(&machine),
            [("wlan0".to_owned(), true), ("wlan0-1".to_owned(), false)]
        );
    }

    #[test]
    fn who_listens_on_port_53_is_found_with_its_program() {
        let head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
        let address = u32::from_ne_bytes([192, 0, 2, 1]);
        let udp = format!(
            "{head}  1: {address:08X}:0035 00000000:0000 07 0:0 00:0 0 0 0 4711 2\n  2: 00000000:0043 00000000:0000 07 0:0 00:0 0 0 0 9 2\n"
        );
        let (folder, machine) = machine(&[
            ("proc/net/udp", &udp),
            ("proc/12/comm", "dnsmasq\n"),
            ("proc/12/fd/x", ""),
        ]);
        std::os::unix::fs::symlink("socket:[4711]", folder.path().join("proc/12/fd/4")).unwrap();
        let [listener] = &machine.listeners()[..] else {
            panic!("{:?}", machine.listeners())
        };
        assert_eq!(listener.address, IpAddr::from([192, 0, 2, 1]));
        assert_eq!(listener.program.as_deref(), Some("dnsmasq"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_judged_by_the_one_above() {
        let (folder, _) = machine(&[]);
        let told = super::folder(&folder.path().join("a/b"));
        assert!(told.fault.is_none() && told.free.is_some(), "{told:?}");
    }
}
