// optimus: verdict=wrong_answer
// optimus: expect="42\n"
fn main() {
    println!("41");
}
