//! The home itself: it is built, it works, and nothing of it is left.

use std::time::Instant;

use mudguard_tests::home::{DhcpClient, Home, ThingPlan};

#[test]
fn things_get_addresses() {
    let start = Instant::now();
    let home = Home::builder()
        .thing(ThingPlan::new("lamp").mud_url("https://mud.lamp-maker.example/lamp.json"))
        .thing(
            ThingPlan::new("camera")
                .mud_url("https://mud.camera-maker.example/camera.json")
                .client(DhcpClient::Dhclient),
        )
        .build()
        .unwrap();
    println!("built {:?}", start.elapsed());
    let start = Instant::now();
    let joined = home.join_all();
    println!("joined {:?} {joined:?}", start.elapsed());
    println!("{}", home.router().dhcp_log());
    joined.unwrap();
    let start = Instant::now();
    home.thing("lamp").release().unwrap();
    println!("{:?}", start.elapsed());
    home.thing("camera").release().unwrap();
    println!("{:?}", start.elapsed());
    println!("{}", home.router().dhcp_log());
    let start = Instant::now();
    drop(home);
    println!("removed {:?}", start.elapsed());
}
