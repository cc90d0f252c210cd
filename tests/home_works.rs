//! The home itself: it is built, it works as a home does, and nothing of it is left.
//!
//! What it is not: a test of Mudguard, which is not in this home.

#![allow(clippy::unwrap_used, reason = "a test ends with what is wrong")]

#[path = "home_works/dhcp.rs"]
mod dhcp;
#[path = "home_works/internet.rs"]
mod internet;
#[path = "home_works/network.rs"]
mod network;
#[path = "home_works/removal.rs"]
mod removal;

use std::time::Duration;

use mudguard_tests::home::{DhcpClient, Home, ThingPlan};

/// For what happens at once unless something is wrong.
const SOON: Duration = Duration::from_secs(5);
/// For what does not happen: how long to wait before believing it.
const NEVER: Duration = Duration::from_millis(300);

const LAMP_URL: &str = "https://mud.lamp-maker.example/lamp.json";
const CAMERA_URL: &str = "https://mud.camera-maker.example/camera.json";

/// A home with a Thing for each DHCP client, and one that says nothing about itself.
fn home() -> Home {
    Home::builder()
        .thing(ThingPlan::new("lamp").mud_url(LAMP_URL))
        .thing(
            ThingPlan::new("camera")
                .mud_url(CAMERA_URL)
                .client(DhcpClient::Dhclient),
        )
        .thing(ThingPlan::new("laptop"))
        .build()
        .unwrap()
}
