//! What stands in the kernel's ruleset, ours and that of others, for `mudguard check`. Nothing is changed.
//!
//! What it is not: it judges nothing, and it does not read the rules of others: what they drop or let pass is told by where their chains stand.

use mudguard_policy::MacAddress;
use serde_json::Value;

use crate::{
    FirewallError, Kernel, TABLE,
    netlink::{array, listing::Listing},
    nft,
    sets::Plane,
    skeleton::OUT,
    tables,
};

/// At most so many chains and flowtables of others are told.
const FOREIGN: usize = 64;

/// What the kernel can do, and what stands in its ruleset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// What the kernel can do.
    pub kernel: Kernel,
    /// Whether our table for routed packets is there.
    pub inet: bool,
    /// Whether our table for frames within a bridge is there.
    pub bridge: bool,
    /// The Things whose flows our table for routed packets judges.
    pub limited: Vec<MacAddress>,
    /// The base chains of others.
    pub chains: Vec<ForeignChain>,
    /// The flowtables of others: we have none.
    pub flowtables: Vec<Flowtable>,
}

/// A base chain of somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignChain {
    /// Family and name of its table, such as `inet fw4`.
    pub table: String,
    /// Its name.
    pub name: String,
    /// `filter`, `nat` or `route`.
    pub kind: String,
    /// Where it hooks in, such as `forward`.
    pub hook: String,
    /// When it is asked: ours at -10.
    pub priority: i64,
}

/// A flowtable: flows in it pass without meeting a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flowtable {
    /// Family and name of its table.
    pub table: String,
    /// Its name.
    pub name: String,
}

/// Asks the kernel.
///
/// # Errors
/// There is no nft, or no right to read the ruleset.
pub fn survey() -> Result<Survey, FirewallError> {
    let there = tables::there()?;
    let netlink = |error| FirewallError::Netlink {
        doing: "reading the ruleset",
        error,
    };
    let limited = if there.inet {
        let listing = Listing::open().map_err(netlink)?;
        listing.elements(Plane::Routed, OUT).map_err(netlink)?
    } else {
        Vec::new()
    };
    Ok(Survey {
        kernel: Kernel::probe()?,
        inet: there.inet,
        bridge: there.bridge,
        limited: limited
            .iter()
            .filter_map(|element| array(&element.key, 0).map(MacAddress))
            .collect(),
        chains: chains(&answer(&["list", "chains"])?),
        flowtables: flowtables(&answer(&["list", "flowtables"])?),
    })
}

fn answer(question: &[&str]) -> Result<Value, FirewallError> {
    serde_json::from_str(&nft::ask(question)?).map_err(|error| FirewallError::Refused(error.to_string()))
}

fn objects<'a>(answer: &'a Value, kind: &'static str) -> impl Iterator<Item = &'a Value> {
    let objects = answer["nftables"].as_array().into_iter().flatten();
    objects.filter_map(move |object| object.get(kind))
}

fn text(object: &Value, key: &str) -> Option<String> {
    object[key].as_str().map(str::to_owned)
}

/// `None` for our own.
fn table(object: &Value) -> Option<String> {
    let name = object["table"].as_str().filter(|name| *name != TABLE)?;
    Some(format!("{} {name}", object["family"].as_str()?))
}

fn chains(answer: &Value) -> Vec<ForeignChain> {
    let chain = |object: &Value| {
        Some(ForeignChain {
            table: table(object)?,
            name: text(object, "name")?,
            kind: text(object, "type")?,
            hook: text(object, "hook")?,
            priority: object["prio"].as_i64()?,
        })
    };
    objects(answer, "chain").filter_map(chain).take(FOREIGN).collect()
}

fn flowtables(answer: &Value) -> Vec<Flowtable> {
    let flowtable = |object: &Value| {
        Some(Flowtable {
            table: table(object)?,
            name: text(object, "name")?,
        })
    };
    objects(answer, "flowtable")
        .filter_map(flowtable)
        .take(FOREIGN)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn base_chains_of_others_are_told_and_no_others() {
        let chain = |table: &str, hook: Option<&str>| json!({ "chain": { "family": "inet", "table": table, "name": "c", "type": "filter", "hook": hook, "prio": -175 } });
        let answer = json!({ "nftables": [
            { "metainfo": {} },
            chain("banIP", Some("prerouting")),
            chain("banIP", None),
            chain(TABLE, Some("forward")),
        ] });
        let [told] = &chains(&answer)[..] else {
            panic!("{:?}", chains(&answer))
        };
        assert_eq!(
            (&*told.table, &*told.hook, told.priority),
            ("inet banIP", "prerouting", -175)
        );
    }

    #[test]
    fn flowtables_are_told_with_their_table() {
        let answer = json!({ "nftables": [ { "flowtable": {
            "family": "inet", "name": "ft", "table": "fw4", "handle": 3, "hook": "ingress", "prio": 0, "dev": ["eth0", "br-lan"],
        } } ] });
        let told = flowtables(&answer);
        assert_eq!((&*told[0].table, &*told[0].name), ("inet fw4", "ft"));
    }
}
