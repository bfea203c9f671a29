// optimus: verdict=accepted
// optimus: stdin="naïve 世界 😀\n" expect="naïve 世界 😀 — ok\n"
use std::io;

fn main() {
    let line = io::read_to_string(io::stdin()).unwrap();
    println!("{} — ok", line.trim_end());
}
