//! Who must have signed the MUD file of a URL, because the certificate of a Thing that has this URL says so (id-pe-mudsigner, RFC 8520
//! section 11). It is kept beside the database, and outlives a restart.
//!
//! What it is not: a trust anchor. It only narrows: a file that another has signed waits for the owner.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use mudguard_fetch::SignerSubject;
use mudguard_mud::MudUrl;
use tracing::warn;

/// The name of the file in the state folder.
const FILE: &str = "signers";

/// For so many URLs it is kept, and so long a file is read, in octets.
const MOST: usize = 256;
const LONGEST: u64 = 512 * 1024;

/// The signers by URL.
#[derive(Debug)]
pub(crate) struct Signers {
    path: PathBuf,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    signers: BTreeMap<MudUrl, SignerSubject>,
    /// Those by whose signer the file was judged since the start.
    judged: BTreeSet<MudUrl>,
}

impl Signers {
    /// Reads what was kept; what cannot be read is left out, and logged.
    pub(crate) fn read(state: &Path) -> Self {
        let path = state.join(FILE);
        let mut signers = BTreeMap::new();
        let is_short = fs::metadata(&path).is_ok_and(|data| data.len() <= LONGEST);
        let text = is_short.then(|| fs::read_to_string(&path)).and_then(Result::ok);
        for line in text.unwrap_or_default().lines().take(MOST) {
            match parse(line) {
                Some((url, signer)) => drop(signers.insert(url, signer)),
                None => warn!(file = %path.display(), "a line names no MUD URL and signer"),
            }
        }
        Self {
            path,
            known: Mutex::new(Known {
                signers,
                judged: BTreeSet::new(),
            }),
        }
    }

    /// Notes what a certificate says. The first word stands: a second certificate may not make another the signer.
    ///
    /// # Errors
    /// Why it does not hold, in words.
    pub(crate) fn note(&self, url: &MudUrl, signer: &SignerSubject) -> Result<(), String> {
        let mut known = self.known();
        match known.signers.get(url) {
            Some(first) if first == signer => return Ok(()),
            Some(first) => {
                return Err(format!(
                    "another Thing's certificate says that the file of {url} is signed by {first}, not by {signer}"
                ));
            }
            None if known.signers.len() >= MOST => {
                return Err(format!("the signers of {MOST} MUD files are known already"));
            }
            None => known.signers.insert(url.clone(), signer.clone()),
        };
        known.judged.remove(url);
        let text: String = known
            .signers
            .iter()
            .map(|(url, signer)| line(url, signer))
            .collect();
        drop(known);
        let unfinished = self.path.with_extension("new");
        fs::write(&unfinished, text)
            .and_then(|()| fs::File::open(&unfinished)?.sync_all())
            .and_then(|()| fs::rename(&unfinished, &self.path))
            .unwrap_or_else(|error| warn!(file = %self.path.display(), %error, "a signer is not kept"));
        Ok(())
    }

    /// Who must have signed the file of a URL, and whether it must be judged by that although its server says that it is unchanged.
    pub(crate) fn of(&self, url: &MudUrl) -> Option<(SignerSubject, bool)> {
        let mut known = self.known();
        let signer = known.signers.get(url)?.clone();
        let is_new = known.judged.insert(url.clone());
        Some((signer, is_new))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name in DER form, in hexadecimal digits, and the URL.
fn line(url: &MudUrl, signer: &SignerSubject) -> String {
    let der = signer.to_der();
    let digits: String = der.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("{digits} {url}\n")
}

fn parse(line: &str) -> Option<(MudUrl, SignerSubject)> {
    let (digits, url) = line.split_once(' ')?;
    let pairs = (0..digits.len()).step_by(2).map(|at| digits.get(at..at + 2));
    let octets: Option<Vec<u8>> = pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect();
    let signer = SignerSubject::from_der(&octets?).ok()?;
    Some((MudUrl::parse(url).ok()?, signer))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CN=MUD and CN=DUM.
    fn signer(last: u8) -> SignerSubject {
        let octets = [
            0x30, 0x0e, 0x31, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x03, b'M', b'U', last,
        ];
        SignerSubject::from_der(&octets).unwrap()
    }

    #[test]
    fn the_first_word_stands_and_outlives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let url = MudUrl::parse("https://maker.example/lamp").unwrap();
        let signers = Signers::read(folder.path());
        assert_eq!(signers.of(&url), None);
        signers.note(&url, &signer(b'D')).unwrap();
        signers.note(&url, &signer(b'D')).unwrap();
        let refused = signers.note(&url, &signer(b'X')).unwrap_err();
        assert!(
            refused.contains("CN=MUD") && refused.contains("CN=MUX"),
            "{refused}"
        );
        for _ in 0..2 {
            let signers = Signers::read(folder.path());
            assert_eq!(signers.of(&url), Some((signer(b'D'), true)));
            assert_eq!(signers.of(&url), Some((signer(b'D'), false)));
        }
    }

    #[test]
    fn a_line_that_is_none_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "30 https://maker.example/lamp\né\n\n").unwrap();
        let url = MudUrl::parse("https://maker.example/lamp").unwrap();
        assert_eq!(Signers::read(folder.path()).of(&url), None);
    }
}
