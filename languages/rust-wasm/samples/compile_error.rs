// optimus: verdict=compile_error
fn main() {
    let answer = String::from("42");
    drop(answer);
    println!("{answer}");
}
