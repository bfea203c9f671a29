// optimus: verdict=time_limit_exceeded limits.cpu_ms=500
fn main() {
    let mut i = 0_u64;
    loop {
        i = std::hint::black_box(i.wrapping_add(1));
    }
}
