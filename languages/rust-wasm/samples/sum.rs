// optimus: verdict=accepted
// optimus: stdin="3 4\n" expect="7\n"
// optimus: stdin="-5 5\n" expect="0\n"
// optimus: stdin="1000000 2000000\n" expect="3000000\n"
use std::io;

fn main() {
    let input = io::read_to_string(io::stdin()).unwrap();
    let sum: i64 = input.split_whitespace().map(|n| n.parse::<i64>().unwrap()).sum();
    println!("{sum}");
}
