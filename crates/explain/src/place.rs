//! Whose name is it? The registrable domain of a host name, and the suffixes under which everybody may rent a name.
//!
//! What it is not: the Public Suffix List, which is larger than this whole program's page. A compact rule knows the suffixes that
//! countries use (`co.uk`), and a list the clouds that Things use. Where both are wrong, a sentence groups oddly; nothing is
//! permitted on the strength of it.

/// Whose name a host name is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A domain that one party registered: `example.com`.
    Domain(String),
    /// A cloud in which anybody rents names: `amazonaws.com`. Two names in it may belong to two parties.
    Shared(String),
}

/// Second-level labels under which countries let people register: `co.uk`, `com.au`, `or.jp`.
const CATEGORIES: &[&str] = &[
    "ac", "co", "com", "edu", "go", "gob", "gov", "gub", "id", "info", "ltd", "mil", "ne", "net", "nom",
    "or", "org", "plc", "sch", "web",
];

/// Clouds in which anybody rents names (from the private part of the Public Suffix List, and others of the kind), sorted.
const SHARED: &[&str] = &[
    "akadns.net",
    "akamai.net",
    "akamaiedge.net",
    "akamaihd.net",
    "akamaized.net",
    "aliyuncs.com",
    "amazonaws.com",
    "amazonaws.com.cn",
    "appspot.com",
    "azure-devices.net",
    "azureedge.net",
    "azurewebsites.net",
    "cloudapp.net",
    "cloudflare.net",
    "cloudfront.net",
    "dyndns.org",
    "edgekey.net",
    "edgesuite.net",
    "elasticbeanstalk.com",
    "fastly.net",
    "fastlylb.net",
    "firebaseapp.com",
    "firebaseio.com",
    "github.io",
    "googleusercontent.com",
    "herokuapp.com",
    "llnwd.net",
    "netlify.app",
    "on-aws.com",
    "pages.dev",
    "run.app",
    "trafficmanager.net",
    "vercel.app",
    "web.app",
    "windows.net",
    "workers.dev",
];

impl Place {
    /// The place of a host name in lower case without a final dot.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let labels: Vec<usize> = std::iter::once(0)
            .chain(name.match_indices('.').map(|(at, _)| at + 1))
            .collect();
        // The name itself, and what remains of it as labels are taken away in front.
        let ends: Vec<&str> = labels.iter().map(|start| &name[*start..]).collect();
        if let Some(cloud) = ends.iter().find(|end| SHARED.binary_search(end).is_ok()) {
            return Self::Shared((*cloud).to_owned());
        }
        let kept = if has_category(name) { 3 } else { 2 };
        Self::Domain(
            ends[ends.len().saturating_sub(kept)..]
                .first()
                .copied()
                .unwrap_or(name)
                .to_owned(),
        )
    }

    /// The domain, for people.
    #[must_use]
    pub fn domain(&self) -> &str {
        match self {
            Self::Domain(domain) | Self::Shared(domain) => domain,
        }
    }

    /// Whether two names surely belong to one party.
    #[must_use]
    pub fn is_same_party(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Domain(one), Self::Domain(two)) if one == two)
    }
}

/// Whether the name ends in a category and a country: `co.uk`.
fn has_category(name: &str) -> bool {
    let mut labels = name.rsplit('.');
    let country = labels.next().is_some_and(|label| label.len() == 2);
    country && labels.next().is_some_and(|label| CATEGORIES.contains(&label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registrable_domain_is_found() {
        for (name, domain) in [
            ("api.example.com", "example.com"),
            ("example.com", "example.com"),
            ("a.b.c.example.co.uk", "example.co.uk"),
            ("shop.example.com.au", "example.com.au"),
            ("co.uk", "co.uk"),
            ("localhost", "localhost"),
            ("x.example.de", "example.de"),
        ] {
            assert_eq!(Place::of(name), Place::Domain(domain.to_owned()), "{name}");
        }
    }

    #[test]
    fn names_in_a_cloud_are_not_one_party() {
        let one = Place::of("one.s3.eu-west-1.amazonaws.com");
        assert_eq!(one, Place::Shared("amazonaws.com".to_owned()));
        assert!(!one.is_same_party(&Place::of("two.s3.amazonaws.com")));
        assert!(Place::of("api.example.com").is_same_party(&Place::of("mud.example.com")));
        assert!(!Place::of("example.com").is_same_party(&Place::of("example.net")));
        assert_eq!(
            Place::of("notamazonaws.com"),
            Place::Domain("notamazonaws.com".to_owned())
        );
    }

    #[test]
    fn the_list_of_clouds_is_sorted() {
        assert!(SHARED.is_sorted());
    }
}
