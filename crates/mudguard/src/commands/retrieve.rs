//! Retrieval of a MUD file for the offline commands, by the rules of the gateway: https, certificates of the web, no special-purpose
//! addresses, bounds on everything. The signature is not judged: a linter reads what is there.

use std::{fs, path::Path};

use anyhow::Context;
use jiff::Timestamp;
use mudguard_fetch::{
    Clock, Limits, Lookup, LookupError, NameLookup, Outcome, Request, Retriever, TlsRoots, TrustAnchors,
};
use mudguard_mud::MudUrl;
use mudguard_policy::SpecialPurpose;
use tokio::net::lookup_host;

/// Finds file servers as the system does.
struct SystemResolver;

impl NameLookup for SystemResolver {
    fn addresses<'a>(&'a self, host: &'a str) -> Lookup<'a> {
        Box::pin(async move {
            let found = lookup_host((host, 443))
                .await
                .map_err(|_| LookupError::NoAnswer)?;
            Ok(found.map(|socket| socket.ip()).collect())
        })
    }
}

/// The octets of the file.
///
/// # Errors
/// Why they cannot be had.
pub(super) fn octets(url: &MudUrl, tls_roots: &Path) -> anyhow::Result<Vec<u8>> {
    let roots = fs::read(tls_roots)
        .map_err(anyhow::Error::from)
        .and_then(|pem| Ok(TlsRoots::from_pem(&pem)?))
        .with_context(|| format!("{} (--tls-roots)", tls_roots.display()))?;
    let special_purpose = SpecialPurpose::new(Vec::new());
    let retriever = Retriever::new(
        roots,
        Box::new(SystemResolver),
        special_purpose,
        Limits::default(),
    );
    let request = Request {
        url: url.clone(),
        etag: None,
        last_modified: None,
        signer: None,
    };
    super::block_on(async move {
        let outcome = retriever
            .retrieve(&request, &TrustAnchors::default(), Clock::Valid(Timestamp::now()))
            .await?;
        match outcome {
            Outcome::Verified(verified) => Ok(verified.file.bytes.to_vec()),
            Outcome::Unverified(unverified) => Ok(unverified.file.bytes.to_vec()),
            Outcome::Unchanged => {
                anyhow::bail!("the server says that it is unchanged, but nothing was known of it")
            }
        }
    })
}
