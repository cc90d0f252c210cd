//! A table as data: its sets, chains and elements, and the commands that bring the kernel's table to it.
//!
//! What it is not: it knows no policy. The commands are objects of nft's JSON schema (libnftables-json(5)), made from the types of
//! the `nftables` crate where it has them; it has none for verdict maps, and its element type writes fields that nft
//! takes for a request to count.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use nftables::{
    schema::{self, Counter, NfCmd, NfListObject, SetFlag, SetType, SetTypeValue},
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
    pub(crate) sets: BTreeMap<Cow<'static, str>, Set>,
    pub(crate) chains: BTreeMap<String, Chain>,
    /// Elements of sets that another part of the table declares.
    pub(crate) of_other_sets: BTreeMap<Cow<'static, str>, Vec<Element>>,
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
    /// Single keys that end; [`Elements`](crate::Elements) adds to them.
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
    pub(crate) comment: Option<Arc<str>>,
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

/// At most so many elements stand in a learned set: 256 Things with as many pairs as are kept of one.
const LEARNED_SIZE: u32 = 131_072;

impl Table {
    pub(crate) fn new(family: NfFamily) -> Self {
        Self {
            family,
            counters: Vec::new(),
            sets: BTreeMap::new(),
            chains: BTreeMap::new(),
            of_other_sets: BTreeMap::new(),
        }
    }

    /// Adds an empty set.
    pub(crate) fn declare(&mut self, name: impl Into<Cow<'static, str>>, kind: SetKind, key: &[SetType]) {
        let name = name.into();
        let set = Set {
            name: name.clone(),
            key: key.to_vec(),
            kind,
            elements: Vec::new(),
        };
        self.sets.insert(name, set);
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
        let chain = Chain {
            hook: Some((hook, priority)),
            rules: rules.into_iter().collect(),
        };
        self.chains.insert(name.to_owned(), chain);
    }

    /// Adds an element to a set.
    pub(crate) fn add(&mut self, set: impl Into<Cow<'static, str>>, element: Element) {
        let set = set.into();
        match self.sets.get_mut(&set) {
            Some(set) => set.elements.push(element),
            None => self.of_other_sets.entry(set).or_default().push(element),
        }
    }

    /// Adds what another part of the table holds.
    pub(crate) fn take_over(&mut self, part: Self) {
        self.sets.extend(part.sets);
        self.chains.extend(part.chains);
        for (set, elements) in part.of_other_sets {
            for element in elements {
                self.add(set.clone(), element);
            }
        }
    }

    /// Removes the table if there is one. Adding it first makes that work when there is none.
    pub(crate) fn removal(family: NfFamily) -> [Value; 2] {
        let table = || {
            NfListObject::Table(schema::Table {
                family,
                name: TABLE.into(),
                handle: None,
            })
        };
        [command(NfCmd::Add(table())), command(NfCmd::Delete(table()))]
    }

    /// Puts this table in the place of the kernel's, whatever that holds.
    pub(crate) fn replacement(&self) -> Vec<Value> {
        let table = schema::Table {
            family: self.family,
            name: TABLE.into(),
            handle: None,
        };
        let mut commands = Vec::from(Self::removal(self.family));
        commands.push(command(NfCmd::Add(NfListObject::Table(table))));
        commands.extend(self.declarations());
        commands.extend(self.rules());
        let filled = self.sets.values().filter(|set| !set.elements.is_empty());
        commands.extend(filled.map(|set| self.elements(set)));
        commands
    }

    /// Brings the rules of the kernel's table to these where they stand, and leaves the elements of its sets and other chains, to which they
    /// may lead, as they are. A packet that is judged meanwhile meets the old rules or the new ones: where a table is removed and made anew, one in many thousands met neither,
    /// for its chains and its verdict maps end at once.
    pub(crate) fn in_place(&self) -> Vec<Value> {
        let table = json!({ "family": self.family, "name": TABLE });
        let mut commands = vec![json!({ "add": { "table": table } })];
        commands.extend(self.declarations());
        let chains = self.chains.keys();
        commands.extend(chains.map(|name| {
            let chain = json!({ "family": self.family, "table": TABLE, "name": name });
            json!({ "flush": { "chain": chain } })
        }));
        commands.extend(self.rules());
        commands
    }

    /// Adds the sets and chains of this part of a table, which nothing refers to yet.
    pub(crate) fn addition(&self) -> Vec<Value> {
        let mut commands = self.declarations();
        commands.extend(self.rules());
        commands
    }

    fn declarations(&self) -> Vec<Value> {
        let counters = self.counters.iter().map(|name| self.counter_declaration(name));
        let sets = self.sets.values().map(|set| self.set_declaration(set));
        let chains = self.chains.iter();
        let chains = chains.map(|(name, chain)| self.chain_declaration(name, chain));
        counters.chain(sets).chain(chains).collect()
    }

    fn rules(&self) -> impl Iterator<Item = Value> {
        let chains = self.chains.iter();
        chains.flat_map(move |(name, chain)| chain.rules.iter().map(move |rule| self.rule(name, rule)))
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

    /// The command that adds a rule at the end of a chain.
    pub(crate) fn rule(&self, chain: &str, rule: &Rule) -> Value {
        let mut declaration = command(NfCmd::Add(NfListObject::Rule(schema::Rule {
            family: self.family,
            table: TABLE.into(),
            chain: chain.to_owned().into(),
            expr: rule.statements.clone().into(),
            comment: rule.comment.clone().map(Cow::Owned),
            ..schema::Rule::default()
        })));
        // The crate has these flags in no order; a ruleset is always the same text.
        let statements = declaration
            .pointer_mut("/add/rule/expr")
            .and_then(Value::as_array_mut);
        for statement in statements.into_iter().flatten() {
            let flags = statement
                .pointer_mut("/match/left/fib/flags")
                .and_then(Value::as_array_mut);
            if let Some(flags) = flags {
                flags.sort_by_key(ToString::to_string);
            }
        }
        declaration
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
        Self {
            statements: statements.into_iter().collect(),
            comment: None,
        }
    }

    /// A rule that comes from a policy.
    pub(crate) fn with_comment(statements: Vec<Stmt>, comment: String) -> Self {
        Self {
            statements,
            comment: Some(comment),
        }
    }
}

impl Element {
    /// An element of a plain set, without more.
    pub(crate) fn key(key: impl IntoIterator<Item = Expr>) -> Self {
        Self {
            key: key.into_iter().collect(),
            verdict: None,
            comment: None,
        }
    }
}

fn element(element: &Element) -> Value {
    let mut key = json!(concatenation(element.key.clone()));
    if let Some(comment) = &element.comment {
        key = json!({ "elem": { "val": key, "comment": **comment } });
    }
    match &element.verdict {
        Some(verdict) => json!([key, verdict]),
        None => key,
    }
}

fn command(command: NfCmd<'static>) -> Value {
    json!(command)
}
