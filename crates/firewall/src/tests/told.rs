//! What the kernel of the router tells.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use super::net::{Namespace, Net};

impl Namespace {
    /// Whether the kernel can have such a link.
    pub(super) fn has(&self, what: &'static str, arguments: &[&str]) -> bool {
        let made = self.apart(|| Command::new("ip").args(arguments).stderr(Stdio::null()).status());
        let has = made.unwrap().success();
        if !has {
            let _ = writeln!(std::io::stderr(), "LEFT OUT: this kernel has no {what}");
        }
        has
    }
}

impl Net {
    /// What the rules of both tables have counted.
    pub(super) fn counts(&self) -> crate::Counts {
        self.router.apart(|| crate::counts().unwrap())
    }

    /// How many connections the router follows.
    pub(super) fn connections(&self) -> usize {
        let connections = || crate::netlink::conntrack::connections(|original, _| original.protocol == 6);
        self.router.apart(|| connections().unwrap().len())
    }
}
