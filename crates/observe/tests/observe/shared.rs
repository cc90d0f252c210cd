//! Frames that others computed, where they are there: the same octets must be read the same way.

use std::{fs, path::Path};

use mudguard_observe::judge_frame;
use serde_json::json;

use super::network::left_out;

#[test]
fn frames_of_others_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/wire");
    if !folder.is_dir() {
        left_out("there are no frames of others beside the project");
        return;
    }
    for (file, via) in [
        ("dhcpv4_discover.bin", "dhcpv4"),
        ("dhcpv6_solicit.bin", "dhcpv6"),
        ("lldp.bin", "lldp"),
    ] {
        let frame = fs::read(folder.join(file)).unwrap();
        assert_eq!(
            serde_json::to_value(judge_frame(&frame)).unwrap(),
            json!({
                "verdict": "url",
                "mac": "02:00:00:00:0a:01",
                "url": "https://lighting.example.com/lightbulb2000",
                "via": via,
                "reason": null
            }),
            "{file}"
        );
    }
}
