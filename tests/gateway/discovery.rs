//! Discovery between two ports of one bridge: mDNS (RFC 6762) asked and answered by avahi, and SSDP answered by minissdpd.
//!
//! What it is not: about the groups one by one; the tests of the firewall are.

use std::{
    fs,
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    os::unix::net::UnixStream,
    process::Command,
    time::{Duration, Instant},
};

use mudguard_tests::{
    home::{
        Capture, Home, Protocol, Running, Thing, ThingPlan,
        mud::{MudFile, Peer},
        until,
    },
    left_out_without, left_out_without_root,
};

use super::{CAMERA_URL, LAMP_URL, Lab, NEVER, SOON};

const MDNS: (Ipv4Addr, Ipv6Addr) = (
    Ipv4Addr::new(224, 0, 0, 251),
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb),
);
const SSDP: (Ipv4Addr, Ipv6Addr) = (
    Ipv4Addr::new(239, 255, 255, 250),
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xc),
);
/// Longer than avahi pauses between two announcements (RFC 6762 section 8.3).
const QUIET: Duration = Duration::from_secs(5);
const SERVICE: &str = "_ipp._tcp";
const SEARCHED: &str = "urn:schemas-upnp-org:device:Printer:1";

/// A printer that nothing limits, a camera whose file permits discovery, and a lamp whose file does not.
fn lab() -> Lab {
    let lab = Lab::with(
        Home::builder()
            .thing(ThingPlan::new("printer"))
            .thing(ThingPlan::new("camera").mud_url(CAMERA_URL))
            .thing(ThingPlan::new("lamp").mud_url(LAMP_URL)),
    );
    let camera = MudFile::new(CAMERA_URL)
        .permit_dns_and_ntp()
        .permit(Peer::Group(MDNS.0, MDNS.1), Protocol::Udp, 5353)
        // The groups of the home, and the answers of its hosts.
        .permit(Peer::LocalNetworks, Protocol::Udp, 1900);
    lab.home.publish(&camera).unwrap();
    lab.home.thing("printer").join().unwrap();
    for name in ["camera", "lamp"] {
        lab.join(name, "limited");
    }
    lab
}

#[test]
fn a_service_is_found_by_mdns_by_the_thing_whose_file_permits_it_and_by_no_other() {
    let packages = ["avahi-daemon", "avahi-utils", "dbus-daemon"];
    if left_out_without_root() || packages.into_iter().any(left_out_without) {
        return;
    }
    let lab = lab();
    let [printer, camera, lamp] = ["printer", "camera", "lamp"].map(|name| lab.home.thing(name));
    let (address, _) = printer.ip_addresses().unwrap();
    let said = Capture::start(printer, "eth0").unwrap();
    let at_printer = Avahi::start(&lab.home, printer);
    let _printing = at_printer.publish("Hall printer");

    let at_camera = Avahi::start(&lab.home, camera);
    let line = |text: &str| {
        let mut lines = text.lines();
        lines
            .find(|line| line.starts_with("=;eth0;IPv4;") && line.contains("printer.local"))
            .map(str::to_owned)
    };
    let found = until(SOON, || Ok(line(&at_camera.browse()))).unwrap();
    assert!(found.contains(&address.to_string()), "{found}");
    assert_eq!(at_camera.resolve("printer.local"), Some(address));
    // And it is found, for what it says arrives too.
    let (own, _) = camera.ip_addresses().unwrap();
    assert_eq!(at_printer.resolve("camera.local"), Some(own));
    drop(at_camera);

    // What the printer says unasked, for some seconds after it has started, everybody hears.
    let mut last = Instant::now();
    let is_quiet = || {
        if from(printer, &said, 5353) != 0 {
            last = Instant::now();
        }
        Ok((last.elapsed() > QUIET).then_some(()))
    };
    until(3 * SOON, is_quiet).unwrap();
    let (sent, arrived) = (
        Capture::start(lamp, "eth0").unwrap(),
        Capture::start(printer, "eth0").unwrap(),
    );
    let at_lamp = Avahi::start(&lab.home, lamp);
    let _light = at_lamp.publish("Lamp");
    let found = at_lamp.browse();
    assert!(found.contains("Lamp") && !found.contains("printer"), "{found}");
    assert_eq!(at_lamp.resolve("printer.local"), None);
    assert_ne!(from(lamp, &sent, 5353), 0, "the lamp has asked nothing");
    assert_eq!(from(lamp, &arrived, 5353), 0);
    let found = at_printer.browse();
    assert!(found.contains("printer") && !found.contains("Lamp"), "{found}");
}

#[test]
fn a_search_by_ssdp_is_answered_for_the_thing_whose_file_permits_it_and_for_no_other() {
    if left_out_without_root() || left_out_without("minissdpd") {
        return;
    }
    let lab = lab();
    let [printer, camera, lamp] = ["printer", "camera", "lamp"].map(|name| lab.home.thing(name));
    let (address, _) = printer.ip_addresses().unwrap();
    let _responder = answer_searches(&lab.home, printer);
    let answer = until(SOON, || Ok(search(camera).ok())).unwrap();
    assert_eq!(answer.1, SocketAddr::new(address, 1900));
    assert!(
        answer.0.starts_with("HTTP/1.1 200 OK") && answer.0.contains(SEARCHED),
        "{}",
        answer.0
    );
    // The printer itself answers everybody whose search arrives.
    let arrived = Capture::start(printer, "eth0").unwrap();
    assert_eq!(search(lamp).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    assert_eq!(from(lamp, &arrived, 1900), 0);
    assert!(search(camera).is_ok());
}

/// How many packets of this Thing to this port have been captured.
fn from(thing: &Thing, capture: &Capture, port: u16) -> usize {
    let (own, _) = thing.ip_addresses().unwrap();
    let packets = capture.packets().unwrap();
    packets
        .iter()
        .filter(|packet| packet.source == own && packet.ports[1] == port)
        .count()
}

/// `avahi-daemon` in a Thing, on a bus of its own.
struct Avahi<'a> {
    thing: &'a Thing,
    _daemon: Running,
    _bus: Running,
    address: String,
}

impl<'a> Avahi<'a> {
    fn start(home: &Home, thing: &'a Thing) -> Self {
        let file = |what: &str| home.folder().join(format!("{}-{what}", thing.name()));
        let (socket, configuration) = (file("bus.sock"), file("bus.conf"));
        let address = format!("unix:path={}", socket.display());
        // Debian's rules for the bus of the system are those of the programs that are installed on this machine.
        let anything = ["own", "user", "send_destination", "receive_sender"]
            .map(|what| format!("<allow {what}=\"*\"/>"));
        let text = format!(
            "<busconfig><type>session</type><listen>{address}</listen><auth>EXTERNAL</auth>\
             <policy context=\"default\">{}</policy></busconfig>",
            anything.concat()
        );
        fs::write(&configuration, text).unwrap();
        let config = format!("--config-file={}", configuration.display());
        let bus = thing.spawn("dbus-daemon", [config.as_str(), "--nofork"]).unwrap();
        until(SOON, || Ok(UnixStream::connect(&socket).ok())).unwrap();

        let configuration = file("avahi.conf");
        let text = format!("[server]\nhost-name={}\nallow-interfaces=eth0\n", thing.name());
        fs::write(&configuration, text).unwrap();
        // Its other files are at places that are the same for all Things.
        let own_run = "mount -t tmpfs tmpfs /run && exec avahi-daemon --no-drop-root --no-chroot --no-rlimits --debug -f \"$0\"";
        let mut command = thing.command("sh");
        command.args(["-c", own_run]).arg(configuration);
        let daemon = Running::start(with_bus(command, &address)).unwrap();
        let is_ready = |log: &str| log.contains("Server startup complete").then_some(());
        daemon.wait_for(SOON, is_ready).unwrap();
        Self {
            thing,
            _daemon: daemon,
            _bus: bus,
            address,
        }
    }

    /// Says that there is a service of this name, until the result is dropped.
    fn publish(&self, name: &str) -> Running {
        let mut command = self.command("avahi-publish");
        command.args(["-s", name, SERVICE, "631"]);
        let running = Running::start(command).unwrap();
        running
            .wait_for(SOON, |log| log.contains("Established under name").then_some(()))
            .unwrap();
        running
    }

    /// All services of the kind that answer within the time that avahi allows.
    fn browse(&self) -> String {
        self.output("avahi-browse", &["-p", "-r", "-t", "-k", SERVICE])
    }

    /// The IPv4 address of a host.
    fn resolve(&self, name: &str) -> Option<IpAddr> {
        let output = self.output("avahi-resolve", &["-4", "-n", name]);
        output.split_ascii_whitespace().nth(1)?.parse().ok()
    }

    fn output(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.command(program).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    fn command(&self, program: &str) -> Command {
        with_bus(self.thing.command(program), &self.address)
    }
}

fn with_bus(mut command: Command, address: &str) -> Command {
    command.env("DBUS_SYSTEM_BUS_ADDRESS", address);
    command
}

/// Starts minissdpd in a Thing, and tells it of the device that is searched.
fn answer_searches(home: &Home, thing: &Thing) -> Running {
    let (socket, pid) = (home.folder().join("ssdp.sock"), home.folder().join("ssdp.pid"));
    let mut command = thing.command("minissdpd");
    command
        .args(["-d", "-i", "eth0", "-s"])
        .arg(&socket)
        .arg("-p")
        .arg(pid);
    let running = Running::start(command).unwrap();
    let mut stream = until(SOON, || Ok(UnixStream::connect(&socket).ok())).unwrap();
    // Its request to register a device: each text stands behind its length.
    let mut request = vec![4];
    for text in [
        SEARCHED,
        "uuid:printer",
        "Printer/1",
        "http://printer.local/description.xml",
    ] {
        request.push(u8::try_from(text.len()).unwrap());
        request.extend(text.as_bytes());
    }
    stream.write_all(&request).unwrap();
    running
}

/// Searches once, and returns the first answer and who gave it.
fn search(thing: &Thing) -> io::Result<(String, SocketAddr)> {
    let text = format!(
        "M-SEARCH * HTTP/1.1\r\nHOST: {}:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: {SEARCHED}\r\n\r\n",
        SSDP.0
    );
    thing.enter(|| {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.set_read_timeout(Some(NEVER * 3))?;
        socket.send_to(text.as_bytes(), (SSDP.0, 1900))?;
        let mut answer = [0; 1500];
        let (length, from) = socket.recv_from(&mut answer)?;
        Ok((String::from_utf8_lossy(&answer[..length]).into_owned(), from))
    })?
}
