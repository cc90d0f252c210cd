//! Embeds the migrations anew when one is added: the macro that reads them watches only those it has found.

#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
