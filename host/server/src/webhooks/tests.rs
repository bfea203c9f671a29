use super::*;

#[test]
fn waits_grow_and_are_bounded() {
    let gate = Arc::new(Gate::default());
    let (backoff, deadline) = (Duration::from_secs(5), Duration::from_secs(10));
    let policy = Policy { gate, attempts: 10, backoff, deadline, tls: connector(None).unwrap() };
    let waits: Vec<u64> = (1..=10).map(|tries| policy.backoff_after(tries, 0.5).as_secs()).collect();
    assert_eq!(waits[..4], [5, 15, 45, 135]);
    assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]) && waits[9] == 4 * 60 * 60, "{waits:?}");
    assert!(policy.backoff_after(1, 0.0) < policy.backoff_after(1, 1.0));
    assert_eq!(policy.backoff_after(u32::MAX, 0.5), Policy::LONGEST);
}
