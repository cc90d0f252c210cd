//! Certificates by openssl, and Debian's unbound as a resolver that is asked over TLS and HTTPS, on loopback.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use mudguard_tests::loopback::free_address;

use ring::digest::{SHA256, digest};

/// Where the files of a test are; it ends with the test.
pub(crate) struct Pki(tempfile::TempDir);

/// A certificate with its key.
#[derive(Clone)]
pub(crate) struct Identity {
    certificate: PathBuf,
    key: PathBuf,
}

impl Pki {
    /// An authority.
    pub(crate) fn new() -> Self {
        let pki = Self(tempfile::tempdir().unwrap());
        pki.authority("ca");
        // One that nobody trusts.
        pki.authority("stranger");
        pki
    }

    /// The file of those that are trusted.
    pub(crate) fn roots(&self) -> PathBuf {
        self.file("ca.pem")
    }

    /// A certificate that holds these names, for so many days.
    pub(crate) fn identity(&self, file: &str, authority: &str, names: &str, days: u32) -> Identity {
        let request = format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {file}.key -out {file}.csr -subj /CN={file} -addext subjectAltName={names}"
        );
        self.openssl(&request);
        self.openssl(&format!(
            "x509 -req -in {file}.csr -CA {authority}.pem -CAkey {authority}.key -CAcreateserial -days {days} -copy_extensions copy -out {file}.pem"
        ));
        Identity {
            certificate: self.file(&format!("{file}.pem")),
            key: self.file(&format!("{file}.key")),
        }
    }

    /// The digest of the key of a certificate.
    pub(crate) fn pin(&self, identity: &Identity) -> [u8; 32] {
        let output = Command::new("openssl")
            .args(["pkey", "-pubout", "-outform", "DER", "-in"])
            .arg(&identity.key)
            .output()
            .unwrap();
        digest(&SHA256, &output.stdout).as_ref().try_into().unwrap()
    }

    /// Waits until a certificate has expired.
    pub(crate) fn wait_until_expired(&self, identity: &Identity) {
        let holds = || {
            let mut command = Command::new("openssl");
            command
                .args(["x509", "-noout", "-checkend", "0", "-in"])
                .arg(&identity.certificate);
            command.stdout(Stdio::null()).status().unwrap().success()
        };
        while holds() {
            thread::sleep(Duration::from_millis(50));
        }
        // The date has whole seconds, and the verifier counts the last one in.
        thread::sleep(Duration::from_millis(1100));
    }

    /// A resolver that knows `www.example`, asked in cleartext, over TLS and over HTTPS; and what it says besides.
    pub(crate) fn unbound(&self, identity: &Identity, more: &str) -> Unbound {
        let [cleartext, tls, https] = [(); 3].map(|()| free_address());
        let folder = self.0.path().display();
        let text = format!(
            "server:\n  interface: 127.0.0.1@{}\n  interface: 127.0.0.1@{}\n  interface: 127.0.0.1@{}\n  port: {}\n  \
             tls-port: {}\n  https-port: {}\n  tls-service-key: \"{}\"\n  tls-service-pem: \"{}\"\n  \
             access-control: 127.0.0.0/8 allow\n  username: \"\"\n  chroot: \"\"\n  directory: \"{folder}\"\n  \
             pidfile: \"\"\n  use-syslog: no\n  do-daemonize: no\n  do-ip6: no\n  module-config: \"iterator\"\n  \
             local-zone: \".\" static\n  local-data: \". NS ns.example.\"\n  \
             local-data: \"www.example. A 198.51.100.7\"\n{more}remote-control:\n  control-enable: no\n",
            cleartext.port(),
            tls.port(),
            https.port(),
            cleartext.port(),
            tls.port(),
            https.port(),
            identity.key.display(),
            identity.certificate.display(),
        );
        let file = self.file(&format!("unbound-{}.conf", cleartext.port()));
        fs::write(&file, text).unwrap();
        let mut command = Command::new("unbound");
        command.arg("-d").arg("-c").arg(&file);
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut unbound = Unbound {
            child,
            cleartext,
            tls,
            https,
        };
        let begin = Instant::now();
        for address in [cleartext, tls, https] {
            while TcpStream::connect(address).is_err() {
                let ended = unbound.child.try_wait().unwrap();
                assert!(ended.is_none(), "unbound ended: {ended:?}");
                assert!(
                    begin.elapsed() < Duration::from_secs(20),
                    "unbound does not listen"
                );
                thread::sleep(Duration::from_millis(20));
            }
        }
        unbound
    }

    fn authority(&self, file: &str) {
        self.openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {file}.key -out {file}.pem -subj /CN={file} -days 30"
        ));
    }

    fn openssl(&self, arguments: &str) {
        let mut command = Command::new("openssl");
        command.args(arguments.split(' ')).current_dir(self.0.path());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {arguments}: {said}");
    }

    fn file(&self, name: &str) -> PathBuf {
        Path::new(self.0.path()).join(name)
    }
}

/// A resolver that is ended with the test.
pub(crate) struct Unbound {
    child: Child,
    pub(crate) cleartext: SocketAddr,
    pub(crate) tls: SocketAddr,
    pub(crate) https: SocketAddr,
}

impl Drop for Unbound {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody who passes on what reaches a port, and counts who came.
pub(crate) struct Counted {
    pub(crate) address: SocketAddr,
    datagrams: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
}

impl Counted {
    /// In front of nobody: whoever comes is counted and hears nothing.
    pub(crate) fn silent() -> Self {
        Self::new(free_address(), Duration::ZERO, None)
    }

    /// In front of a resolver that is asked by UDP; it answers after this time.
    pub(crate) fn before(resolver: SocketAddr, delay: Duration) -> Self {
        Self::new(free_address(), delay, Some(resolver))
    }

    /// In front of a resolver, at another address of this machine.
    pub(crate) fn at(ip: &str, resolver: SocketAddr) -> Self {
        let address = SocketAddr::new(ip.parse().unwrap(), free_address().port());
        Self::new(address, Duration::ZERO, Some(resolver))
    }

    fn new(address: SocketAddr, delay: Duration, resolver: Option<SocketAddr>) -> Self {
        let socket = UdpSocket::bind(address).unwrap();
        let listener = TcpListener::bind(address).unwrap();
        let counted = Self {
            address,
            datagrams: Arc::default(),
            connections: Arc::default(),
        };
        let (datagrams, connections) = (Arc::clone(&counted.datagrams), Arc::clone(&counted.connections));
        // They end with the tests.
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok((length, client)) = socket.recv_from(&mut buffer) {
                datagrams.fetch_add(1, Ordering::SeqCst);
                let Some(resolver) = resolver else {
                    continue;
                };
                let (back, question) = (socket.try_clone().unwrap(), buffer[..length].to_vec());
                thread::spawn(move || {
                    let there = UdpSocket::bind("127.0.0.1:0").unwrap();
                    there.send_to(&question, resolver).unwrap();
                    let mut reply = [0; 4096];
                    if let Ok(length) = there.recv(&mut reply) {
                        thread::sleep(delay);
                        back.send_to(&reply[..length], client).unwrap();
                    }
                });
            }
        });
        thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                connections.fetch_add(1, Ordering::SeqCst);
                open.push(stream);
            }
        });
        counted
    }

    pub(crate) fn datagrams(&self) -> usize {
        self.datagrams.load(Ordering::SeqCst)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}
