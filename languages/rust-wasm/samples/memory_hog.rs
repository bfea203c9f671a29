// optimus: verdict=memory_limit_exceeded limits.memory_bytes=67108864
fn main() {
    let mut blocks = Vec::new();
    loop {
        blocks.push(std::hint::black_box(vec![1_u8; 1 << 20]));
    }
}
