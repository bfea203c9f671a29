// optimus: verdict=accepted
// optimus: expect="0123456789\n" expect_times=500000
use std::io::{self, Write};

fn main() {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for _ in 0..500_000 {
        writeln!(out, "0123456789").unwrap();
    }
}
