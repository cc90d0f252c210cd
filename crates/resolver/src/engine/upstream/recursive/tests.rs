//! Recursion in an internet of scripted servers: each test says which servers there are and what they hold.

mod internet;

use std::time::Duration;

use self::internet::{Behaviour, World};
use super::*;

const A: RecordType = RecordType::A;

fn work() -> Work {
    Work::new(Duration::from_secs(5))
}

/// A root, two top-level domains, and a zone below each; the name server of `shop.test.` is in the other one.
fn world() -> World {
    let mut world = World::default();
    world.zone(
        "192.0.2.1",
        ".",
        &[
            "example. NS ns.example.",
            "ns.example. A 192.0.2.2",
            "test. NS ns.test.",
            "ns.test. A 192.0.2.3",
        ],
    );
    world.zone(
        "192.0.2.2",
        "example.",
        &["a.example. NS ns.a.example.", "ns.a.example. A 192.0.2.4"],
    );
    world.zone("192.0.2.3", "test.", &["shop.test. NS ns.a.example."]);
    world.zone(
        "192.0.2.4",
        "a.example.",
        &[
            "www.a.example. A 198.51.100.1",
            "ns.a.example. A 192.0.2.4",
            "deep.x.y.a.example. A 198.51.100.2",
            "alias.a.example. CNAME www.shop.test.",
        ],
    );
    world.zone("192.0.2.4", "shop.test.", &["www.shop.test. A 198.51.100.3"]);
    world
}

async fn addresses(recursive: &Recursive, text: &str) -> Result<Vec<String>, Unobtainable> {
    let reply = recursive
        .ask(&Question::new(text.parse().unwrap(), A), &work())
        .await?;
    Ok(reply
        .answers
        .iter()
        .filter_map(address)
        .map(|address| address.to_string())
        .collect())
}

#[tokio::test(start_paused = true)]
async fn a_name_is_found_from_the_root_down() {
    let world = world();
    let recursive = world.recursive();
    assert_eq!(
        addresses(&recursive, "www.a.example.").await.unwrap(),
        ["198.51.100.1"]
    );
    assert_eq!(
        world.asked(),
        [
            "192.0.2.1 . NS",
            "192.0.2.1 example. A",
            "192.0.2.2 a.example. A",
            "192.0.2.4 www.a.example. A"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_is_known_is_asked_at_once() {
    let world = world();
    let recursive = world.recursive();
    addresses(&recursive, "www.a.example.").await.unwrap();
    world.forget_asked();
    addresses(&recursive, "other.a.example.").await.unwrap();
    assert_eq!(world.asked(), ["192.0.2.4 other.a.example. A"]);
}

#[tokio::test(start_paused = true)]
async fn the_name_server_of_another_zone_is_looked_up() {
    let recursive = world().recursive();
    assert_eq!(
        addresses(&recursive, "www.shop.test.").await.unwrap(),
        ["198.51.100.3"]
    );
}

#[tokio::test(start_paused = true)]
async fn empty_names_on_the_way_are_passed_and_remembered() {
    let world = world();
    let recursive = world.recursive();
    assert_eq!(
        addresses(&recursive, "deep.x.y.a.example.").await.unwrap(),
        ["198.51.100.2"]
    );
    world.forget_asked();
    addresses(&recursive, "other.x.y.a.example.").await.unwrap();
    assert_eq!(world.asked(), ["192.0.2.4 other.x.y.a.example. A"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_denies_names_above_others_is_asked_for_the_whole_name() {
    let mut world = world();
    world.behaves("192.0.2.4", Behaviour::DeniesEmptyNames);
    assert_eq!(
        addresses(&world.recursive(), "deep.x.y.a.example.")
            .await
            .unwrap(),
        ["198.51.100.2"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_only_whole_questions_is_asked_them() {
    let mut world = world();
    world.behaves("192.0.2.4", Behaviour::RefusesEmptyNames);
    assert_eq!(
        addresses(&world.recursive(), "deep.x.y.a.example.")
            .await
            .unwrap(),
        ["198.51.100.2"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_alias_ends_the_reply_and_what_the_server_adds_of_other_zones_is_dropped() {
    let recursive = world().recursive();
    let question = Question::new("alias.a.example.".parse().unwrap(), A);
    let reply = recursive.ask(&question, &work()).await.unwrap();
    let owners: Vec<String> = reply
        .answers
        .iter()
        .map(|record| record.owner.to_string())
        .collect();
    assert_eq!(owners, ["alias.a.example."]);
}

#[tokio::test(start_paused = true)]
async fn another_server_is_asked_when_one_is_silent_lame_or_broken() {
    for behaviour in [
        Behaviour::Silent,
        Behaviour::Refuses,
        Behaviour::Garbage,
        Behaviour::RefersUpward,
        Behaviour::NoRoute,
    ] {
        let mut world = world();
        world.zone(
            "192.0.2.2",
            "example.",
            &["a.example. NS ns2.a.example.", "ns2.a.example. A 192.0.2.5"],
        );
        world.zone("192.0.2.5", "a.example.", &["www.a.example. A 198.51.100.1"]);
        world.behaves("192.0.2.4", behaviour);
        let recursive = world.recursive();
        for _ in 0..3 {
            let found = addresses(&recursive, "www.a.example.").await;
            assert_eq!(found.unwrap(), ["198.51.100.1"], "{behaviour:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_by_udp_that_is_cut_or_in_another_case_is_asked_for_by_tcp() {
    for behaviour in [Behaviour::Truncates, Behaviour::LowersCase] {
        let mut world = world();
        world.behaves("192.0.2.4", behaviour);
        let recursive = world.recursive();
        let found = addresses(&recursive, "www.a.example.").await;
        assert_eq!(found.unwrap(), ["198.51.100.1"], "{behaviour:?}");
        assert!(
            world
                .asked()
                .contains(&"192.0.2.4 www.a.example. A by TCP".to_owned())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_without_edns_is_asked_without_it() {
    let mut world = world();
    world.behaves("192.0.2.4", Behaviour::WithoutEdns);
    let recursive = world.recursive();
    assert_eq!(
        addresses(&recursive, "www.a.example.").await.unwrap(),
        ["198.51.100.1"]
    );
    world.forget_asked();
    addresses(&recursive, "other.a.example.").await.unwrap();
    assert_eq!(world.asked().len(), 1, "it is known now");
}

#[tokio::test(start_paused = true)]
async fn zones_that_wait_for_each_other_end_with_an_error() {
    let mut world = World::default();
    world.zone("192.0.2.1", ".", &["a. NS ns.b.", "b. NS ns.a."]);
    let recursive = world.recursive();
    assert!(addresses(&recursive, "www.a.").await.is_err());
    assert!(world.asked().len() < 40, "{}", world.asked().len());
}

#[tokio::test(start_paused = true)]
async fn a_zone_with_many_name_servers_that_do_not_exist_costs_little() {
    let mut world = World::default();
    let many: Vec<String> = (0..100)
        .map(|number| format!("evil. NS ns{number}.victim."))
        .collect();
    let mut lines: Vec<&str> = many.iter().map(String::as_str).collect();
    lines.extend(["victim. NS ns.victim.", "ns.victim. A 192.0.2.9"]);
    world.zone("192.0.2.1", ".", &lines);
    world.zone("192.0.2.9", "victim.", &[]);
    let recursive = world.recursive();
    assert!(addresses(&recursive, "www.evil.").await.is_err());
    let to_victim = world
        .asked()
        .iter()
        .filter(|line| line.starts_with("192.0.2.9"))
        .count();
    assert!(to_victim <= 2 * MAX_LOOKED_UP, "{to_victim}");
}

#[tokio::test(start_paused = true)]
async fn a_server_at_an_address_of_a_home_is_not_asked() {
    let mut world = World::default();
    world.zone("192.0.2.1", ".", &["evil. NS ns.evil.", "ns.evil. A 192.168.1.1"]);
    world.zone("192.168.1.1", "evil.", &["www.evil. A 198.51.100.1"]);
    assert!(addresses(&world.recursive(), "www.evil.").await.is_err());
    assert!(world.asked().iter().all(|line| !line.starts_with("192.168")));
}

#[tokio::test(start_paused = true)]
async fn ds_is_asked_of_the_parent() {
    let world = world();
    let recursive = world.recursive();
    addresses(&recursive, "www.a.example.").await.unwrap();
    world.forget_asked();
    let question = Question::new("a.example.".parse().unwrap(), RecordType::DS);
    recursive.ask(&question, &work()).await.unwrap();
    assert_eq!(world.asked(), ["192.0.2.2 a.example. DS"]);
}

#[tokio::test(start_paused = true)]
async fn the_work_for_one_query_is_bounded() {
    let mut world = world();
    world.behaves("192.0.2.4", Behaviour::Silent);
    let work = work();
    let question = Question::new("www.a.example.".parse().unwrap(), A);
    while work.spend_query() {}
    assert!(world.recursive().ask(&question, &work).await.is_err());
    assert!(world.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn zones_that_are_distrusted_are_found_anew() {
    let world = world();
    let recursive = world.recursive();
    addresses(&recursive, "www.a.example.").await.unwrap();
    recursive.forget(&"www.a.example.".parse().unwrap());
    world.forget_asked();
    addresses(&recursive, "www.a.example.").await.unwrap();
    assert_eq!(world.asked().len(), 4);
}
