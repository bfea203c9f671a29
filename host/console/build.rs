//! A rebuilt bundle has files of other names, which only a fresh expansion of the macro that embeds them finds.

fn main() {
    println!("cargo::rerun-if-changed=bundle");
}
