// optimus: verdict=memory_limit_exceeded
// Nearly as much as a vector may hold: the engine refuses at once, and the allocator aborts.
fn main() {
    let bytes = std::hint::black_box(1_usize << 30);
    println!("{}", vec![1_u8; bytes].len());
}
