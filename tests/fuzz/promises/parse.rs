//! What holds of every reading of every input: shared by the fuzz targets and by the replay of what they found.

use mudguard_mud::{Dialect, Limits, Parsed, Severity, outline, parse};

/// Reads octets in one dialect, and in the other too if the file is strict.
pub(crate) fn read_and_check(bytes: &[u8], dialect: Dialect) {
    let parsed = checked(bytes, dialect);
    if dialect == Dialect::Strict && parsed.file.is_some() {
        assert!(
            parsed.as_made,
            "a strict file is as its maker should have written it"
        );
        let community = checked(bytes, Dialect::Community);
        assert!(community.as_made);
        assert_eq!(
            parsed.file, community.file,
            "the dialects differ about a strict file"
        );
    }
}

fn checked(bytes: &[u8], dialect: Dialect) -> Parsed {
    let limits = Limits::default();
    let parsed = parse(bytes, &limits, dialect);
    let has_error = parsed
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    assert_eq!(
        parsed.file.is_none(),
        has_error,
        "a file is refused exactly if a finding is an error"
    );
    assert!(
        parsed.findings.len() <= 2 * limits.findings + 1,
        "findings are bounded"
    );
    let Some(file) = &parsed.file else {
        return parsed;
    };
    assert!((1..=168).contains(&file.cache_validity));
    for list in file.from_device.iter().chain(&file.to_device) {
        for (index, ace) in list.aces.iter().enumerate() {
            assert_eq!(
                (ace.index, &ace.acl),
                (index, &list.name),
                "no ACE is left out or moved"
            );
            assert!(
                ace.not_understood.is_empty() || !parsed.findings.is_empty(),
                "what is not understood is told"
            );
        }
    }
    let outline = outline(bytes).expect("what can be read has an outline");
    assert_eq!(outline.mud_url, file.mud_url, "both readers see one URL");
    assert!(file.mud_signature.is_none() || outline.mud_signature == file.mud_signature);
    parsed
}
