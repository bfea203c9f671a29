// optimus: verdict=output_limit_exceeded limits.output_bytes=65536
fn main() {
    loop {
        println!("flood");
    }
}
