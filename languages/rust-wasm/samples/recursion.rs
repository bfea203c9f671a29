// optimus: verdict=accepted expect="100000\n"
fn depth(n: &Vec<u32>, at: usize) -> usize {
    if at == n.len() { 0 } else { 1 + depth(std::hint::black_box(n), at + 1) }
}

fn main() {
    println!("{}", depth(&vec![0; 100_000], 0));
}
