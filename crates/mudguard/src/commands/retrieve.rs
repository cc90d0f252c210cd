//! Placeholder: retrieval for the offline commands is being written.

use mudguard_mud::MudUrl;

pub(super) fn octets(_: &MudUrl) -> anyhow::Result<Vec<u8>> {
    anyhow::bail!("retrieval is not there yet")
}
