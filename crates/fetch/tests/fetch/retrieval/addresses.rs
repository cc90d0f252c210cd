//! Where names may lead: to no special-purpose address, and to no other address than the one that was checked.

use std::net::IpAddr;

use mudguard_fetch::{
    Clock, Doubt, FetchError, Limits, Lookup, LookupError, NameLookup, Outcome, Refusal, Retriever,
    TransientCause,
};
use mudguard_policy::SpecialPurpose;

use super::{IDLE, Internet, PATH, Shared, laboratory, mud_file, request, roots, verified};
use crate::{openssl::now, server::Reply};

#[tokio::test]
async fn a_name_that_leads_to_a_special_purpose_address_is_not_dialled() {
    let internet = Internet::new().await;
    internet.publish();
    let names = Box::new(Shared(internet.names.clone()));
    let retriever = Retriever::new(
        roots(&internet.web),
        names,
        SpecialPurpose::default(),
        Limits::default(),
    );
    let anchors = internet.authority.as_anchor();
    for addresses in [
        &["127.0.0.1"][..],
        &["192.168.1.1"],
        &["169.254.169.254"],
        &["fd00::1"],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::127.0.0.1"],
        &["93.184.215.14", "127.0.0.1"],
    ] {
        let answer = addresses.iter().map(|address| address.parse().unwrap()).collect();
        internet
            .names
            .answers
            .lock()
            .unwrap()
            .insert("files.example.com".to_owned(), Ok(answer));
        let error = retriever
            .retrieve(&request(&internet.url()), &anchors, Clock::Valid(now()))
            .await
            .unwrap_err();
        let last: IpAddr = addresses.last().unwrap().parse().unwrap();
        assert!(
            matches!(error, FetchError::Refused { reason: Refusal::SpecialPurpose { address, .. }, .. } if address == last),
            "{addresses:?}: {error}"
        );
    }
    assert_eq!(internet.server.log().connections, 0);
}

#[tokio::test]
async fn the_reason_names_the_address_and_its_kind() {
    let internet = Internet::new().await;
    let answer = Ok(vec!["192.168.1.1".parse().unwrap()]);
    internet
        .names
        .answers
        .lock()
        .unwrap()
        .insert("files.example.com".to_owned(), answer);
    let error = internet.retrieve().await.unwrap_err();
    let reason =
        "the name of the server leads to 192.168.1.1, which is no address of the internet (private use)";
    assert_eq!(
        error.to_string(),
        format!("the MUD file at {}: {reason}", internet.url())
    );
}

#[tokio::test]
async fn the_host_of_the_signature_is_checked_too() {
    let internet = Internet::new().await;
    let inside = internet.server.url_of("other.example.com", "/s");
    let file = mud_file(&internet.url(), Some(inside.as_str()));
    internet.server.reply(PATH, Reply::body(&file));
    let answer = Ok(vec!["10.0.0.1".parse().unwrap()]);
    internet
        .names
        .answers
        .lock()
        .unwrap()
        .insert("other.example.com".to_owned(), answer);
    let outcome = internet.retrieve().await.unwrap();
    let Outcome::Unverified(file) = outcome else {
        panic!("{outcome:?}")
    };
    let special = matches!(
        &file.doubt,
        Doubt::SignatureUnavailable(FetchError::Refused {
            reason: Refusal::SpecialPurpose { .. },
            ..
        })
    );
    assert!(special, "{}", file.doubt);
    assert_eq!(internet.server.log().connections, 1);
}

#[tokio::test]
async fn a_final_dot_is_not_part_of_the_name() {
    let internet = Internet::new().await;
    let url = internet.server.url_of("files.example.com.", PATH);
    internet.server.reply(PATH, Reply::body(&mud_file(&url, None)));
    let anchors = internet.authority.as_anchor();
    let outcome = internet
        .retriever
        .retrieve(&request(&url), &anchors, Clock::Valid(now()))
        .await;
    assert!(matches!(outcome, Ok(Outcome::Unverified(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_name_that_cannot_be_looked_up_is_tried_again_later() {
    let internet = Internet::new().await;
    internet.publish();
    for error in [
        LookupError::NoAddresses,
        LookupError::NotGenuine,
        LookupError::NoAnswer,
    ] {
        internet
            .names
            .answers
            .lock()
            .unwrap()
            .insert("files.example.com".to_owned(), Err(error));
        let failure = internet.retrieve().await.unwrap_err();
        let expected = TransientCause::Lookup(error);
        assert!(
            matches!(&failure, FetchError::Transient { cause, .. } if *cause == expected),
            "{failure}"
        );
    }
    internet
        .names
        .answers
        .lock()
        .unwrap()
        .insert("files.example.com".to_owned(), Ok(Vec::new()));
    let failure = internet.retrieve().await.unwrap_err();
    let expected = TransientCause::Lookup(LookupError::NoAddresses);
    assert!(
        matches!(&failure, FetchError::Transient { cause, .. } if *cause == expected),
        "{failure}"
    );
    internet.names.answers.lock().unwrap().clear();
    verified(internet.retrieve().await);
}

#[tokio::test]
async fn a_look_up_that_never_ends_is_given_up() {
    struct Never;

    impl NameLookup for Never {
        fn addresses<'a>(&'a self, _host: &'a str) -> Lookup<'a> {
            Box::pin(std::future::pending())
        }
    }

    let internet = Internet::new().await;
    let limits = Limits {
        transfer: IDLE,
        ..Limits::default()
    };
    let retriever = Retriever::new(roots(&internet.web), Box::new(Never), laboratory(), limits);
    let anchors = internet.authority.as_anchor();
    let error = retriever
        .retrieve(&request(&internet.url()), &anchors, Clock::Valid(now()))
        .await
        .unwrap_err();
    let expected = TransientCause::TooSlow(IDLE);
    assert!(
        matches!(&error, FetchError::Transient { cause, .. } if *cause == expected),
        "{error}"
    );
}
