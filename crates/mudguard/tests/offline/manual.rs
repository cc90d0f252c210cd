//! Help, completions and man pages.

use crate::mudguard;

#[test]
fn the_help_tells_the_exit_codes_and_every_command() {
    let ended = mudguard(&["--help"]);
    assert_eq!(ended.code, Some(0));
    for part in [
        "Exit codes: 0 done",
        "lint",
        "compile",
        "explain",
        "test",
        "diff",
        "observe",
        "verify",
        "anchors",
        "certificate",
    ] {
        assert!(ended.out.contains(part), "{part}: {}", ended.out);
    }
}

#[test]
fn completions_exist_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = mudguard(&["completions", shell]);
        assert_eq!(ended.code, Some(0), "{shell}: {}", ended.err);
        assert!(
            ended.out.contains("tls-roots") && ended.out.contains("check-config"),
            "{shell}"
        );
    }
}

#[test]
fn man_pages_tell_options_and_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    let ended = mudguard(&["man", folder.path().to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let page = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(page("mudguard.1").contains("Exit codes"));
    assert!(page("mudguard-lint.1").contains("sarif"));
    assert!(page("mudguard-anchors-remove.1").contains("FINGERPRINT"));
}

#[test]
fn an_unknown_command_is_wrong_use() {
    assert_eq!(mudguard(&["lnit"]).code, Some(2));
}
