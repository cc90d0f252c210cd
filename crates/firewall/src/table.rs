//! A table as data: its sets, chains and elements, and the commands that bring the kernel's table to it.
//!
//! What it is not: it knows no policy. The commands are objects of nft's JSON schema (libnftables-json(5)), made from the types of
//! the `nftables` crate where it has them; it has none for verdict maps, and its element type writes fields that nft
//! takes for a request to count.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashSet},
};

use nftables::{
    schema::{
        self, Counter, FlushObject, NfCmd, NfListObject, SetFlag, SetType, SetTypeValue,
    },
    types::{NfChainPolicy, NfChainType, NfFamily, NfHook},
};
use serde_json::{Value, json};

use crate::{
    TABLE,
    expression::{Expr, Stmt, concatenation},
};

/// A table of ours.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) family: NfFamily,
    pub(crate) counters: Vec<&'static str>,
    pub(crate) sets: Vec<Set>,
    pub(crate) chains: BTreeMap<String, Chain>,
}

/// A set or a verdict map.
#[derive(Debug)]
pub(crate) struct Set {
    pub(crate) name: Cow<'static, str>,
    pub(crate) key: Vec<SetType>,
    pub(crate) kind: SetKind,
    pub(crate) elements: Vec<Element>,
}

/// What a set holds, and who writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetKind {
    /// Single keys, written with each policy change.
    Exact,
    /// Keys with ranges, likewise.
    Intervals,
    /// From a key to a chain, likewise.
    Verdicts,
    /// Single keys that end; written by [`Elements`](crate::Elements) alone and never flushed.
    Learned,
}

/// An element of a set that policy changes write.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    /// The parts of the key.
    pub(crate) key: Vec<Expr>,
    /// The verdict, in a map.
    pub(crate) verdict: Option<Expr>,
    /// What leads from it to the policy; letters, digits and blanks only.
    pub(crate) comment: Option<String>,
}

/// A chain.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    /// The hook and the priority of a base chain. Its policy is always `accept`.
    pub(crate) hook: Option<(NfHook, i32)>,
    pub(crate) rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) statements: Vec<Stmt>,
    pub(crate) comment: Option<String>,
}

/// What of an earlier ruleset stands in a table of the kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) chains: BTreeSet<String>,
    pub(crate) sets: BTreeSet<String>,
}

/// At most so many elements stand in a learned set; 32 bits of memory would be gone long before.
const LEARNED_SIZE: u32 = 65_535;

impl Table {
    pub(crate) fn new(family: NfFamily) -> Self {
        Self { family, counters: Vec::new(), sets: Vec::new(), chains: BTreeMap::new() }
    }

    /// Adds an empty set.
    pub(crate) fn declare(&mut self, name: impl Into<Cow<'static, str>>, kind: SetKind, key: &[SetType]) {
        self.sets.push(Set { name: name.into(), key: key.to_vec(), kind, elements: Vec::new() });
    }

    /// Adds a chain with these rules.
    pub(crate) fn chain(&mut self, name: impl Into<String>, rules: impl IntoIterator<Item = Rule>) {
        self.chains.entry(name.into()).or_default().rules.extend(rules);
    }

    /// Adds a base chain.
    pub(crate) fn base_chain(
        &mut self,
        name: &'static str,
        hook: NfHook,
        priority: i32,
        rules: impl IntoIterator<Item = Rule>,
    ) {
        let chain = Chain { hook: Some((hook, priority)), rules: rules.into_iter().collect() };
        self.chains.insert(name.to_owned(), chain);
    }

    /// Adds an element to a set that was declared.
    pub(crate) fn add(&mut self, set: &str, element: Element) {
        if let Some(set) = self.sets.iter_mut().find(|known| known.name == set) {
            set.elements.push(element);
        }
    }

    /// What of this table must be told apart from others' when it is brought up to date.
    pub(crate) fn standing(&self) -> Standing {
        Standing {
            chains: self.chains.keys().cloned().collect(),
            sets: self.sets.iter().map(|set| set.name.clone().into_owned()).collect(),
        }
    }

    /// A number that changes with what cannot be changed in place: the sets that every ruleset has, and the base chains.
    pub(crate) fn layout(&self) -> u32 {
        let sets = self.sets.iter().map(|set| self.set_declaration(set));
        let hooks = self.chains.iter().filter(|(_, chain)| chain.hook.is_some());
        let hooks = hooks.map(|(name, chain)| self.chain_declaration(name, chain));
        sets.chain(hooks).fold(FNV_OFFSET, |hash, declaration| {
            declaration
                .to_string()
                .bytes()
                .fold(hash, |hash, octet| (hash ^ u32::from(octet)).wrapping_mul(FNV_PRIME))
        })
    }

    /// Removes the table if there is one. Adding it first makes that work when there is none.
    pub(crate) fn removal(family: NfFamily) -> [Value; 2] {
        let table = || NfListObject::Table(schema::Table { family, name: TABLE.into(), handle: None });
        [command(NfCmd::Add(table())), command(NfCmd::Delete(table()))]
    }

    /// Declares the sets that `standing` lacks, so that elements can be written to them before the rules refer to them.
    pub(crate) fn missing_sets(&self, standing: &Standing) -> Vec<Value> {
        let missing = self.sets.iter().filter(|set| !standing.sets.contains(&*set.name));
        missing.map(|set| self.set_declaration(set)).collect()
    }

    /// Brings the kernel's table to this one. Learned sets keep their elements; those that are not in this table go.
    pub(crate) fn update(&self, standing: &Standing) -> Vec<Value> {
        let table = || schema::Table { family: self.family, name: TABLE.into(), handle: None };
        let mut commands = vec![command(NfCmd::Add(NfListObject::Table(table())))];
        commands.extend(self.counters.iter().map(|name| self.counter_declaration(name)));
        commands.extend(self.sets.iter().map(|set| self.set_declaration(set)));
        commands.extend(self.chains.iter().map(|(name, chain)| self.chain_declaration(name, chain)));
        commands.push(command(NfCmd::Flush(FlushObject::Table(table()))));
        let written = self.sets.iter().filter(|set| set.kind != SetKind::Learned);
        commands.extend(written.clone().map(|set| command(NfCmd::Flush(self.flush(set)))));
        commands.extend(self.removal_of_obsolete(standing));
        for (name, chain) in &self.chains {
            commands.extend(chain.rules.iter().map(|rule| self.rule(name, rule)));
        }
        commands.extend(written.filter(|set| !set.elements.is_empty()).map(|set| self.elements(set)));
        commands
    }

    fn removal_of_obsolete(&self, standing: &Standing) -> Vec<Value> {
        let ours = self.standing();
        let object = |name: &String| json!({ "family": self.family, "table": TABLE, "name": name });
        let chains = standing.chains.difference(&ours.chains);
        let sets = standing.sets.difference(&ours.sets);
        let chains = chains.map(|name| json!({ "delete": { "chain": object(name) } }));
        chains.chain(sets.map(|name| json!({ "delete": { "set": object(name) } }))).collect()
    }

    fn counter_declaration(&self, name: &'static str) -> Value {
        let counter = Counter {
            family: self.family,
            table: TABLE.into(),
            name: name.into(),
            handle: None,
            packets: None,
            bytes: None,
        };
        command(NfCmd::Add(NfListObject::Counter(counter)))
    }

    fn set_declaration(&self, set: &Set) -> Value {
        let mut declaration = command(NfCmd::Add(NfListObject::Set(Box::new(self.set_object(set)))));
        if set.kind == SetKind::Verdicts
            && let Some(object) = declaration.pointer_mut("/add")
        {
            let mut map = object["set"].take();
            map["map"] = "verdict".into();
            *object = json!({ "map": map });
        }
        declaration
    }

    fn set_object(&self, set: &Set) -> schema::Set<'static> {
        let flag = match set.kind {
            SetKind::Exact | SetKind::Verdicts => None,
            SetKind::Intervals => Some(SetFlag::Interval),
            SetKind::Learned => Some(SetFlag::Timeout),
        };
        let set_type = match set.key[..] {
            [only] => SetTypeValue::Single(only),
            _ => SetTypeValue::Concatenated(set.key.clone().into()),
        };
        schema::Set {
            family: self.family,
            table: TABLE.into(),
            name: set.name.clone(),
            set_type,
            flags: flag.map(|flag| HashSet::from([flag])),
            size: (set.kind == SetKind::Learned).then_some(LEARNED_SIZE),
            ..schema::Set::default()
        }
    }

    fn flush(&self, set: &Set) -> FlushObject<'static> {
        if set.kind != SetKind::Verdicts {
            return FlushObject::Set(Box::new(self.set_object(set)));
        }
        FlushObject::Map(Box::new(schema::Map {
            family: self.family,
            table: TABLE.into(),
            name: set.name.clone(),
            ..schema::Map::default()
        }))
    }

    fn chain_declaration(&self, name: &str, chain: &Chain) -> Value {
        command(NfCmd::Add(NfListObject::Chain(self.chain_object(name, chain))))
    }

    fn chain_object(&self, name: &str, chain: &Chain) -> schema::Chain<'static> {
        schema::Chain {
            family: self.family,
            table: TABLE.into(),
            name: name.to_owned().into(),
            _type: chain.hook.map(|_| NfChainType::Filter),
            hook: chain.hook.map(|(hook, _)| hook),
            prio: chain.hook.map(|(_, priority)| priority),
            policy: chain.hook.map(|_| NfChainPolicy::Accept),
            ..schema::Chain::default()
        }
    }

    fn rule(&self, chain: &str, rule: &Rule) -> Value {
        command(NfCmd::Add(NfListObject::Rule(schema::Rule {
            family: self.family,
            table: TABLE.into(),
            chain: chain.to_owned().into(),
            expr: rule.statements.clone().into(),
            comment: rule.comment.clone().map(Cow::Owned),
            ..schema::Rule::default()
        })))
    }

    fn elements(&self, set: &Set) -> Value {
        let elements: Vec<_> = set.elements.iter().map(element).collect();
        let object = json!({ "family": self.family, "table": TABLE, "name": set.name, "elem": elements });
        json!({ "add": { "element": object } })
    }
}

impl Rule {
    /// A rule of the skeleton, which needs no comment.
    pub(crate) fn new(statements: impl IntoIterator<Item = Stmt>) -> Self {
        Self { statements: statements.into_iter().collect(), comment: None }
    }

    /// A rule that comes from a policy.
    pub(crate) fn with_comment(statements: Vec<Stmt>, comment: String) -> Self {
        Self { statements, comment: Some(comment) }
    }
}

fn element(element: &Element) -> Value {
    let key = json!(concatenation(element.key.clone()));
    let key = match &element.comment {
        Some(comment) => json!({ "elem": { "val": key, "comment": comment } }),
        None => key,
    };
    match &element.verdict {
        Some(verdict) => json!([key, verdict]),
        None => key,
    }
}

fn command(command: NfCmd<'static>) -> Value {
    json!(command)
}

const FNV_OFFSET: u32 = 0x811c_9dc5;
const FNV_PRIME: u32 = 0x0100_0193;
