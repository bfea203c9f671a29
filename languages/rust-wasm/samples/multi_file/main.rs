// optimus: verdict=accepted
// optimus: stdin="6\n" expect="6 * 7 = 42\n"
mod lib {
    pub mod multiply;
}

fn main() {
    let factor: i32 = std::fs::read_to_string("data.txt").unwrap().trim().parse().unwrap();
    let n: i32 = std::io::read_to_string(std::io::stdin()).unwrap().trim().parse().unwrap();
    println!("{n} * {factor} = {}", lib::multiply::multiply(n, factor));
}
