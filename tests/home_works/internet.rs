//! Names, files and certificates of the home's internet.

use std::{
    fs,
    net::{IpAddr, SocketAddr},
};

use hickory_proto::{
    op::ResponseCode,
    rr::RecordType::{self, A, AAAA, CNAME},
};
use mudguard_tests::{
    home::{
        ALIAS, Certificate, Home, POOL, Protocol, Reply, V4_ONLY, V6_ONLY,
        addresses::{RESOLVER_IPV4, RESOLVER_IPV6, fresh, server},
        dns::{Question, addresses},
        fresh_name,
        mud::{MudFile, Peer},
    },
    left_out_without_root,
};

use super::{LAMP_URL, SOON, home};

#[test]
fn the_providers_resolver_answers_over_both_families_and_transports() {
    if left_out_without_root() {
        return;
    }
    let home = home();
    let lamp = home.thing("lamp");
    lamp.join().unwrap();
    let (v4, v6) = server(11);
    for resolver in [IpAddr::V4(RESOLVER_IPV4), RESOLVER_IPV6.into()] {
        let question = Question::new(resolver, "cloud.lamp-maker.example", A);
        for question in [question.clone(), question.over_tcp()] {
            assert_eq!(addresses(&lamp.ask(&question).unwrap()), [v4]);
        }
        assert_eq!(asked(&home, resolver, "cloud.lamp-maker.example", AAAA), [v6]);
    }
}

#[test]
fn names_have_the_shapes_that_real_names_have() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder()
        .fresh_names(300)
        .host("new.example", 99)
        .records("short 2 A 198.51.100.11")
        .build()
        .unwrap();
    let ask = |name: &str, kind| asked(&home, RESOLVER_IPV4.into(), name, kind);
    let mut pool = ask(POOL, A);
    pool.sort();
    assert_eq!(pool, [51, 52, 53].map(|number| server(number).0));
    assert_eq!(ask(ALIAS, AAAA), [server(11).1]);
    assert_eq!(
        (ask(V4_ONLY, A), ask(V4_ONLY, AAAA)),
        (vec![server(61).0], vec![])
    );
    assert_eq!(
        (ask(V6_ONLY, A), ask(V6_ONLY, AAAA)),
        (vec![], vec![server(62).1])
    );
    assert_eq!(ask("new.example", A), [server(99).0]);
    for number in [0, 255, 256, 299] {
        let (v4, v6) = fresh(number);
        assert_eq!(
            (ask(&fresh_name(number), A), ask(&fresh_name(number), AAAA)),
            (vec![v4], vec![v6])
        );
        for address in [v4, v6] {
            home.router().connect(SocketAddr::new(address, 80), SOON).unwrap();
        }
    }

    let question = |name, kind| {
        home.router()
            .ask(&Question::new(RESOLVER_IPV4, name, kind))
            .unwrap()
    };
    let alias = question(ALIAS, A);
    assert_eq!(
        alias
            .answers
            .iter()
            .filter(|record| record.record_type() == CNAME)
            .count(),
        2
    );
    assert_eq!(question("short.example", A).answers[0].ttl, 2);
    assert_eq!(
        question("nobody.example", A).metadata.response_code,
        ResponseCode::NXDomain
    );
    assert_eq!(
        question("nobody.other-than-example", A).metadata.response_code,
        ResponseCode::NXDomain
    );
}

#[test]
fn the_programs_of_a_namespace_use_its_resolvers() {
    if left_out_without_root() {
        return;
    }
    let home = home();
    let found = home
        .router()
        .run("getent", ["ahostsv4", "cloud.lamp-maker.example"])
        .unwrap();
    assert!(found.starts_with("198.51.100.11 "), "{found}");
    let lamp = home.thing("lamp");
    lamp.join().unwrap();
    assert_eq!(
        lamp.run("cat", ["/etc/resolv.conf"]).unwrap(),
        "nameserver 192.168.77.1\n"
    );
}

#[test]
fn a_published_file_arrives_over_tls_with_a_signature_that_openssl_verifies() {
    if left_out_without_root() {
        return;
    }
    let home = home();
    let file = MudFile::new(LAMP_URL).permit(Peer::Name("cloud.lamp-maker.example"), Protocol::Tcp, 8883);
    home.publish(&file).unwrap();
    let (content, signature) = (get(&home, LAMP_URL), get(&home, &file.signature_url()));
    assert_eq!(String::from_utf8(content.clone()).unwrap(), file.json());

    let (good, bad) = (home.folder().join("good"), home.folder().join("bad"));
    fs::write(&good, &content).unwrap();
    fs::write(&bad, [&content[..], b" "].concat()).unwrap();
    let p7s = home.folder().join("p7s");
    fs::write(&p7s, signature).unwrap();
    let anchor = home.mud().authority().certificate();
    let verify = |content| {
        let mut command = home.router().command("openssl");
        command.args([
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-purpose",
            "any",
            "-out",
            "/dev/null",
        ]);
        command
            .arg("-in")
            .arg(&p7s)
            .arg("-content")
            .arg(content)
            .arg("-CAfile")
            .arg(anchor);
        command.output().unwrap().status.success()
    };
    assert!(verify(&good));
    assert!(!verify(&bad));

    let requests = home.internet().files().requests();
    assert_eq!(
        requests
            .iter()
            .map(|request| request.url.as_str())
            .collect::<Vec<_>>(),
        [LAMP_URL, &file.signature_url()]
    );
}

#[test]
fn a_file_server_may_be_as_bad_as_a_test_wants() {
    if left_out_without_root() {
        return;
    }
    let home = home();
    let files = home.internet().files();
    let whole = |reply| {
        files.reply(LAMP_URL, reply);
        String::from_utf8(response(&home, LAMP_URL)).unwrap()
    };
    assert!(whole(Reply::status("404 Not Found")).starts_with("HTTP/1.1 404 Not Found\r\n"));
    assert!(
        whole(Reply::redirect("https://elsewhere.example/"))
            .contains("Location: https://elsewhere.example/\r\n")
    );
    assert!(whole(Reply::encoded("gzip", b"zipped")).ends_with("Content-Encoding: gzip\r\n\r\nzipped"));

    let begins = |reply, with: &[u8], requests| {
        files.reply(LAMP_URL, reply);
        let client = home
            .router()
            .spawn("sh", ["-c", &client(&home, LAMP_URL)])
            .unwrap();
        let with = String::from_utf8(with.to_vec()).unwrap();
        client
            .wait_for(SOON, |log| log.contains(&with).then_some(()))
            .unwrap();
        files.wait_for_requests(LAMP_URL, requests, SOON).unwrap();
    };
    begins(
        Reply::claims(10_000_000_000),
        b"Content-Length: 10000000000\r\n\r\n{",
        4,
    );
    begins(Reply::endless(), &[b' '; 1 << 20], 5);
    begins(Reply::nothing(), b"", 6);
}

#[test]
fn a_host_shows_the_certificate_that_a_test_wants() {
    if left_out_without_root() {
        return;
    }
    let home = home();
    let files = home.internet().files();
    let host = "mud.lamp-maker.example";
    let trusted = || {
        let mut shell = home.router().command("sh");
        shell.args(["-c", &client(&home, &format!("https://{host}/"))]);
        shell.output().unwrap().status.success()
    };
    assert!(trusted());
    for certificate in [Certificate::OtherName, Certificate::OtherAuthority] {
        files.certificate(host, certificate).unwrap();
        assert!(!trusted(), "{certificate:?}");
    }
    files.certificate(host, Certificate::Good).unwrap();
    assert!(trusted());
}

fn asked(home: &Home, resolver: IpAddr, name: &str, kind: RecordType) -> Vec<IpAddr> {
    addresses(&home.router().ask(&Question::new(resolver, name, kind)).unwrap())
}

/// The content that a URL has for a client that checks the certificate.
fn get(home: &Home, url: &str) -> Vec<u8> {
    let response = response(home, url);
    let end = response
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("a head");
    assert!(
        response.starts_with(b"HTTP/1.1 200 OK\r\n"),
        "{}",
        String::from_utf8_lossy(&response)
    );
    response[end + 4..].to_vec()
}

fn response(home: &Home, url: &str) -> Vec<u8> {
    let mut command = home.router().command("sh");
    let output = command.args(["-c", &client(home, url)]).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// A shell command that asks for a URL, checks the server's certificate, and prints the response.
fn client(home: &Home, url: &str) -> String {
    let (host, path) = url
        .strip_prefix("https://")
        .and_then(|rest| rest.split_once('/'))
        .unwrap();
    let roots = home.internet().files().roots().display();
    format!(
        "printf 'GET /{path} HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n' | exec openssl s_client -quiet -ign_eof \
         -connect {host}:443 -servername {host} -verify_hostname {host} -verify_return_error -verifyCAfile {roots} \
         2>/dev/null"
    )
}
