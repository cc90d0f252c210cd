//! Reading the configuration: each error names the file, the line, the key and what would be right.

use std::{fs, ops::Range, path::Path};

use thiserror::Error;
use toml::Spanned;

use super::Config;

/// The longest configuration file that is read, in octets.
const MAX_SIZE: u64 = 64 * 1024;

/// What is wrong with a configuration.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: cannot be read: {source}; say where it is with --config FILE")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is no configuration file.
    #[error("{path}: longer than 64 KiB; this is no configuration of Mudguard")]
    TooLong {
        /// The file.
        path: String,
    },
    /// It is not TOML, or a key or value is not known.
    #[error("{path}:{line}:{column}: {message}")]
    Invalid {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// The key, what is wrong with it, and what would be right.
        message: String,
    },
    /// A key that must be there is not.
    #[error("{path}: {message}")]
    Missing {
        /// The file.
        path: String,
        /// The key, and what would be right.
        message: String,
    },
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let (text, name) = text_of(path)?;
        Self::parse(&text, &name)
    }

    /// The same for a resolver that runs by itself.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub(crate) fn read_resolver(path: &Path) -> Result<Self, ConfigError> {
        let (text, name) = text_of(path)?;
        Self::parse_resolver(&text, &name)
    }

    /// Reads and checks a configuration; `path` is what errors call it.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub(crate) fn parse(text: &str, path: &str) -> Result<Self, ConfigError> {
        Self::parse_with(text, path, Self::check)
    }

    /// The same for a resolver that runs by itself: only its section counts.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub(crate) fn parse_resolver(text: &str, path: &str) -> Result<Self, ConfigError> {
        Self::parse_with(text, path, |config| config.resolver.check_alone())
    }

    fn parse_with(
        text: &str,
        path: &str,
        check: impl Fn(&Self) -> Result<(), (Option<Range<usize>>, String)>,
    ) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let message = match key_at(text, error.span()) {
                Some(key) => format!("{key}: {}", error.message()),
                None => error.message().to_owned(),
            };
            invalid(text, path, error.span(), message)
        })?;
        check(&config).map_err(|(span, message)| match span {
            Some(span) => invalid(text, path, Some(span), message),
            None => ConfigError::Missing {
                path: path.to_owned(),
                message,
            },
        })?;
        Ok(config)
    }

    fn check(&self) -> Result<(), (Option<Range<usize>>, String)> {
        let interfaces = self.lan.interfaces.get_ref();
        if interfaces.is_empty() {
            return Err((
                place(&self.lan.interfaces),
                "lan.interfaces: is empty; name the LAN's interface, such as [\"br-lan\"]".to_owned(),
            ));
        }
        if let Some(bad) = interfaces.iter().find(|name| !is_interface_name(name)) {
            return Err((
                place(&self.lan.interfaces),
                format!(
                    "lan.interfaces: {bad:?} is no interface name: 1 to 15 characters without spaces or slashes"
                ),
            ));
        }
        if let Some(other) = self
            .lan
            .modes
            .keys()
            .find(|name| !interfaces.contains(name.get_ref()))
        {
            return Err((
                place(other),
                format!(
                    "lan.modes: {:?} is not one of lan.interfaces, which are {}",
                    other.get_ref(),
                    interfaces.join(", ")
                ),
            ));
        }
        self.resolver.check()?;
        if !self.fetch.tls_roots.get_ref().is_file() {
            return Err((
                place(&self.fetch.tls_roots),
                format!(
                    "fetch.tls-roots: there is no file {}; name the PEM file of the web's certification authorities \
                     (Debian: package ca-certificates, OpenWrt: package ca-bundle)",
                    self.fetch.tls_roots.get_ref().display()
                ),
            ));
        }
        Ok(())
    }
}

/// The text of a file, and what errors call it.
fn text_of(path: &Path) -> Result<(String, String), ConfigError> {
    let name = path.display().to_string();
    let unreadable = |source| ConfigError::Unreadable {
        path: name.clone(),
        source,
    };
    if fs::metadata(path).map_err(unreadable)?.len() > MAX_SIZE {
        return Err(ConfigError::TooLong { path: name });
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    Ok((text, name))
}

pub(super) fn place<T>(value: &Spanned<T>) -> Option<Range<usize>> {
    (value.span() != (0..0)).then(|| value.span())
}

fn is_interface_name(name: &str) -> bool {
    (1..=15).contains(&name.len())
        && name != "."
        && name != ".."
        && name
            .bytes()
            .all(|octet| octet.is_ascii_graphic() && octet != b'/' && octet != b':')
}

fn invalid(text: &str, path: &str, span: Option<Range<usize>>, message: String) -> ConfigError {
    let before = text.get(..span.map_or(0, |span| span.start)).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    ConfigError::Invalid {
        path: path.to_owned(),
        line,
        column,
        message,
    }
}

/// The key of the line on which an error stands, when the error does not name it itself.
fn key_at(text: &str, span: Option<Range<usize>>) -> Option<&str> {
    let start = span?.start;
    let line_start = text.get(..start)?.rfind('\n').map_or(0, |index| index + 1);
    let line = text.get(line_start..)?.lines().next()?;
    let (key, _) = line.split_once('=')?;
    // An error about the key itself points at its first character, and names it.
    (start > line_start + key.trim_end().len()).then(|| key.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Config::parse(text, "mudguard.toml").unwrap_err().to_string()
    }

    #[test]
    fn a_small_configuration_is_enough() {
        let roots = std::env::current_exe().unwrap();
        let text = format!("resolver.upstreams = [\"192.0.2.53\"]\nfetch.tls-roots = {roots:?}\n");
        let config = Config::parse(&text, "mudguard.toml").unwrap();
        assert_eq!(config.lan.interfaces.get_ref(), &["br-lan"]);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_known_ones() {
        let text = error("mode = \"ask\"\n\n[resolver]\nupstream = [\"192.0.2.53\"]\n");
        assert!(text.starts_with("mudguard.toml:4:1: "), "{text}");
        assert!(
            text.contains("upstream") && text.contains("`upstreams`"),
            "{text}"
        );
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named_with_its_line_key_and_what_is_right() {
        let text = error("mode = \"strict\"\n");
        assert!(text.starts_with("mudguard.toml:1:8: mode: "), "{text}");
        assert!(text.contains("`protect`"), "{text}");
        let text = error("[resolver]\nupstreams = [\"dns.example\"]\n");
        assert!(text.starts_with("mudguard.toml:2:"), "{text}");
        assert!(
            text.contains("upstreams: ") && text.contains("IP address"),
            "{text}"
        );
    }

    #[test]
    fn an_interface_name_that_is_a_path_is_refused_where_it_stands() {
        let text = error("[lan]\ninterfaces = [\"../br\"]\n");
        assert!(text.starts_with("mudguard.toml:2:14: lan.interfaces: "), "{text}");
    }

    #[test]
    fn a_mode_is_that_of_an_interface_of_the_lan() {
        let lan = "[lan]\ninterfaces = [\"br-lan\", \"br-guest\"]\n";
        let text = error(&format!("{lan}modes = {{ br-guests = \"protect\" }}\n"));
        assert!(
            text.starts_with("mudguard.toml:3:11: lan.modes: \"br-guests\""),
            "{text}"
        );
        assert!(text.contains("br-lan, br-guest"), "{text}");
        let text = error(&format!("{lan}\n[lan.modes]\nbr-guest = \"strict\"\n"));
        assert!(text.starts_with("mudguard.toml:5:12: br-guest: "), "{text}");
        assert!(text.contains("`protect`"), "{text}");
        let roots = std::env::current_exe().unwrap();
        let text = format!(
            "resolver.upstreams = [\"192.0.2.53\"]\nfetch.tls-roots = {roots:?}\n{lan}[lan.modes]\nbr-guest = \"protect\"\n"
        );
        let config = Config::parse(&text, "mudguard.toml").unwrap();
        let modes: Vec<_> = config.lan.modes.values().collect();
        assert_eq!(modes, [&mudguard_manager::Mode::Protect]);
    }

    #[test]
    fn a_missing_upstream_says_what_to_write() {
        let text = error("resolver.mode = \"forward\"\n");
        assert!(
            text.contains("resolver.upstreams") && text.contains("192.0.2.53"),
            "{text}"
        );
    }

    #[test]
    fn missing_roots_name_the_package() {
        let text = error("resolver.upstreams = [\"192.0.2.53\"]\nfetch.tls-roots = \"/nonexistent\"\n");
        assert!(text.starts_with("mudguard.toml:2:"), "{text}");
        assert!(text.contains("ca-certificates"), "{text}");
    }

    #[test]
    fn a_resolver_by_itself_needs_an_address_and_nothing_else() {
        let parse =
            |text: &str| Config::parse_resolver(text, "mudguard.toml").map_err(|error| error.to_string());
        assert!(parse("[resolver]\nlisten = [\"127.0.0.1:5300\"]\nmode = \"recursive\"\n").is_ok());
        let text = parse("[resolver]\nmode = \"recursive\"\n").unwrap_err();
        assert!(text.contains("resolver.listen"), "{text}");
    }

    #[test]
    fn what_is_wrong_with_the_resolver_is_named_where_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let anchors = folder.path().join("root.key");
        fs::write(&anchors, ". NS a.\n").unwrap();
        let good = "[resolver]\nlisten = [\"127.0.0.1:5300\"]\nupstreams = [\"192.0.2.53\", \"[2001:db8::1]:5353\"]\n";
        for (line, problem) in [
            (
                format!("trust-anchors = [{anchors:?}]"),
                "root.key: line 1: neither a DS nor a DNSKEY record",
            ),
            (
                "trust-anchors = [\"/nonexistent\"]".to_owned(),
                "/nonexistent: cannot be read",
            ),
            (
                "root-hints = \"/nonexistent\"".to_owned(),
                "resolver.root-hints: /nonexistent",
            ),
            ("cache-bytes = 10".to_owned(), "resolver.cache-bytes: give "),
            (
                "rebinding-exceptions = [\"a..b\"]".to_owned(),
                "is no domain name",
            ),
        ] {
            let text = Config::parse_resolver(&format!("{good}{line}\n"), "mudguard.toml")
                .unwrap_err()
                .to_string();
            assert!(
                text.starts_with("mudguard.toml:4:") && text.contains(problem),
                "{text}"
            );
        }
    }
}
