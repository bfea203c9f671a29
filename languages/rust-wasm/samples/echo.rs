// optimus: verdict=accepted
// optimus: stdin="one\ntwo three\n" expect="one\ntwo three\n"
use std::io;

fn main() {
    io::copy(&mut io::stdin(), &mut io::stdout()).unwrap();
}
