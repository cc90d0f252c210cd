//! Makes a home and keeps it until standard input ends: `cargo run -p mudguard-tests -- lamp camera`.
//!
//! It prints the number of its guardian's process and the names of the namespaces, one on a line, for use with `ip netns exec`.

use std::io::{self, Write};

use mudguard_tests::home::{Home, ThingPlan};

fn main() -> anyhow::Result<()> {
    let mut plan = Home::builder();
    for name in std::env::args().skip(1) {
        plan = plan.thing(ThingPlan::new(&name));
    }
    let home = plan.build()?;
    home.join_all()?;
    let mut output = io::stdout();
    writeln!(output, "guardian {}", home.guardian())?;
    writeln!(output, "{}\n{}", home.router().netns(), home.internet().netns())?;
    for thing in home.things() {
        writeln!(output, "{}", thing.netns())?;
    }
    writeln!(output, "ready")?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
