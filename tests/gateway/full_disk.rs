//! A disk that is really full: the gateway's state lies on a file system of its own that a file fills to the last octet.

use std::{
    fs::{File, create_dir_all, remove_file},
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use mudguard_tests::{
    home::{
        Home, HomeBuilder, ThingPlan,
        gateway::{Gateway, binary},
        until,
    },
    left_out_without_root,
};
use nix::sched::{CloneFlags, unshare};

use super::{
    CAMERA_CLOUD, LAMP_CLOUD, LAMP_TCP, LAMP_URL, Lab, SOON, lamp_file, reaches_no, wait_until_reached,
};

/// Where the page listens unless it is configured otherwise.
const PAGE: u16 = 8520;
/// The store tries again by itself every ten seconds.
const BY_ITSELF: Duration = Duration::from_secs(30);

/// Protection and decisions go on, the household is told, and once there is room everything is written without anybody doing anything.
#[test]
fn on_a_full_disk_protection_goes_on_and_nothing_decided_is_lost() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder()
        .thing(ThingPlan::new("lamp").mud_url(LAMP_URL))
        .thing(ThingPlan::new("camera").mud_url(LAMP_URL));
    let mut lab = Lab::on_small_disk(home);
    let lamp = lab.join("lamp", "limited");
    wait_until_reached(lamp, LAMP_CLOUD, LAMP_TCP);
    assert_eq!(lab.not_stored(), None);

    let ballast = fill(&lab.gateway.state());
    let block = ["block", "lamp", LAMP_CLOUD, "--always"];
    assert_eq!(lab.gateway.ask(&block).unwrap().code, 0);
    let named = lab.gateway.ask(&["rename", "lamp", "Reading lamp"]).unwrap();
    assert_eq!(named.code, 0, "{}", named.complaint);
    // What was decided holds, what was not permitted is not, and who comes now is limited like anybody else.
    reaches_no(lamp, LAMP_CLOUD);
    reaches_no(lamp, CAMERA_CLOUD);
    let camera = lab.join("camera", "limited");
    wait_until_reached(camera, LAMP_CLOUD, LAMP_TCP);
    reaches_no(camera, CAMERA_CLOUD);
    let told = until(SOON, || Ok(lab.not_stored())).unwrap();
    assert!(told.contains("no space is left"), "{told}");
    let cause = "What is decided cannot be stored";
    assert!(told.starts_with(cause), "{told}");
    assert!(page(&lab).contains(cause), "the page says so");

    remove_file(ballast).unwrap();
    until(BY_ITSELF, || Ok(lab.not_stored().is_none().then_some(()))).unwrap();
    assert!(!page(&lab).contains(cause));
    lab.gateway.kill().unwrap();
    lab.gateway.restart(&lab.configuration()).unwrap();
    let path = format!("/api/v1/things/{}", lab.home.thing("lamp").mac());
    let shown = lab.gateway.get(&path).unwrap();
    assert_eq!(
        (&shown["name"], &shown["state"]),
        (&"Reading lamp".into(), &"limited".into())
    );
    lab.wait_for_state("camera", "limited");
    reaches_no(lab.home.thing("lamp"), LAMP_CLOUD);
}

impl Lab {
    /// The file system is seen by this thread and its programs alone, and goes with them.
    fn on_small_disk(plan: HomeBuilder) -> Self {
        unshare(CloneFlags::CLONE_NEWNS).unwrap();
        run(Command::new("mount").args(["--make-rprivate", "/"]));
        let home = plan.build().unwrap();
        home.publish(&lamp_file()).unwrap();
        let state = home.folder().join("gateway/state");
        create_dir_all(&state).unwrap();
        run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=3m", "state"])
            .arg(&state));
        let configuration = Gateway::configuration(&home);
        let gateway = Gateway::start(&home, &binary().unwrap(), &configuration).unwrap();
        Self { gateway, home }
    }

    /// What the household is told of what cannot be stored.
    fn not_stored(&self) -> Option<String> {
        let status = self.gateway.get("/api/v1/status").unwrap();
        let notices = status["notices"].as_array().unwrap();
        let notice = notices.iter().find(|notice| notice["kind"] == "not-stored");
        notice.map(|notice| notice["text"].as_str().unwrap().to_owned())
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// Writes until there is no room for one octet more.
fn fill(folder: &Path) -> PathBuf {
    let path = folder.join("ballast");
    let mut file = File::create(&path).unwrap();
    for size in [4096, 1] {
        loop {
            match file.write(&vec![0; size]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
    path
}

/// The first page, as a browser on the router gets it.
fn page(lab: &Lab) -> String {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, PAGE));
    let mut stream = lab.home.router().connect(address, SOON).unwrap();
    write!(
        stream,
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:{PAGE}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}
