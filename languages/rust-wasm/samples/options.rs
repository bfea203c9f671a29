// optimus: verdict=accepted options.edition="2024"
// optimus: args=["a b", "-c"] expect="[\"a b\", \"-c\"]\n"
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    // `if let` chains are new in this edition.
    if let Some(first) = args.first()
        && first == "a b"
    {
        println!("{args:?}");
    }
}
