//! Names of a Thing's chains that hold a digest of their rules.
//!
//! A chain of another content is another chain: it is filled while nothing refers to it, and one small transaction then sends the Thing's
//! packets there. A packet never meets a chain that is half old and half new, and a chain that stands already need not be sent again.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use nftables::{
    expr::{Expression, Verdict},
    stmt::{JumpTarget, Statement},
};

use crate::table::{Chain, Table};

impl Table {
    /// Gives the chains of this part of a table their final names, and sends there what went to the others.
    pub(crate) fn seal(&mut self) {
        let mut waiting = std::mem::take(&mut self.chains);
        let mut names = BTreeMap::new();
        // A chain is named after those to which it leads, and none leads back.
        while let Some(name) = (waiting.iter())
            .find(|(_, chain)| !targets(chain).any(|target| waiting.contains_key(target)))
            .map(|(name, _)| name.clone())
        {
            let Some(mut chain) = waiting.remove(&name) else {
                break;
            };
            for target in (chain.rules.iter_mut())
                .flat_map(|rule| &mut rule.statements)
                .filter_map(target_mut)
            {
                rename(target, &names);
            }
            let sealed = format!("{name}.{:016x}", self.digest(&chain));
            names.insert(name, sealed.clone());
            self.chains.insert(sealed, chain);
        }
        self.chains.extend(waiting);
        for element in self.of_other_sets.values_mut().flatten() {
            if let Some(Expression::Verdict(Verdict::Goto(target) | Verdict::Jump(target))) =
                &mut element.verdict
            {
                rename(target, &names);
            }
        }
    }

    fn digest(&self, chain: &Chain) -> u64 {
        let mut hasher = DefaultHasher::new();
        for rule in &chain.rules {
            self.rule("", rule).to_string().hash(&mut hasher);
        }
        hasher.finish()
    }
}

fn rename(target: &mut JumpTarget<'static>, names: &BTreeMap<String, String>) {
    if let Some(sealed) = names.get(&*target.target) {
        target.target = sealed.clone().into();
    }
}

fn targets(chain: &Chain) -> impl Iterator<Item = &str> {
    let statements = chain.rules.iter().flat_map(|rule| &rule.statements);
    statements.filter_map(|statement| {
        let (Statement::Goto(target) | Statement::Jump(target)) = statement else {
            return None;
        };
        Some(&*target.target)
    })
}

fn target_mut<'a>(statement: &'a mut Statement<'static>) -> Option<&'a mut JumpTarget<'static>> {
    let (Statement::Goto(target) | Statement::Jump(target)) = statement else {
        return None;
    };
    Some(target)
}

#[cfg(test)]
mod tests {
    use nftables::types::NfFamily;

    use super::*;
    use crate::{
        expression::{accept, drop_packet, goto, goto_verdict, mac},
        table::{Element, Rule},
        testing::thing_mac,
    };

    fn part(end: Rule) -> Table {
        let mut part = Table::new(NfFamily::INet);
        part.chain(
            "out",
            [Rule::new([goto("out_vetoes")]), Rule::new([goto("denied")])],
        );
        part.chain("out_vetoes", [end]);
        let to_chain = Element {
            verdict: Some(goto_verdict("out")),
            ..Element::key([mac(thing_mac(1))])
        };
        part.add("map", to_chain);
        part.seal();
        part
    }

    #[test]
    fn another_content_behind_it_is_another_chain_and_the_same_is_the_same() {
        let names = |part: &Table| part.chains.keys().cloned().collect::<Vec<_>>();
        let one = names(&part(Rule::new([accept()])));
        assert_eq!(one, names(&part(Rule::new([accept()]))));
        let other = names(&part(Rule::new([drop_packet()])));
        assert!(one.iter().all(|name| !other.contains(name)), "{one:?} {other:?}");
    }

    #[test]
    fn what_led_to_a_chain_leads_to_it_still() {
        let part = part(Rule::new([accept()]));
        let names: Vec<_> = part.chains.keys().cloned().collect();
        let out = &part.chains[&names[0]];
        assert_eq!(targets(out).collect::<Vec<_>>(), [&*names[1], "denied"]);
        let verdict = &part.of_other_sets["map"][0].verdict;
        assert_eq!(*verdict, Some(goto_verdict(names[0].clone())));
    }
}
