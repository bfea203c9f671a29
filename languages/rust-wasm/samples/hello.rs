// optimus: verdict=accepted
// optimus: expect="Hello, world!\n"
fn main() {
    println!("Hello, world!");
}
