//! Time that does not vary.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use optimus_core::{LimitHit, Limits, Outcome};

use crate::{module, run};

/// Computes for a while, prints what its clock and its random numbers say, and ends.
fn computing(rounds: u32) -> Vec<u8> {
    module(&format!(
        r#"(func (export "_start")
            (loop $next
                (global.set $i (i32.add (global.get $i) (i32.const 1)))
                (br_if $next (i32.lt_u (global.get $i) (i32.const {rounds}))))
            (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 4096)))
            (drop (call $random (i32.const 4104) (i32.const 16)))
            (i32.store (i32.const 0) (i32.const 4096)) (i32.store (i32.const 4) (i32.const 24))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))"#
    ))
}

/// What must not differ between two runs.
fn essence((outcome, said): (Outcome, String)) -> (String, Option<LimitHit>, Option<u64>, u64, String) {
    (format!("{:?}", outcome.exit), outcome.limit, outcome.fuel, outcome.memory_peak_bytes, said)
}

async fn fifty() -> Vec<(String, Option<LimitHit>, Option<u64>, u64, String)> {
    let limits = Limits { fuel: Some(3_000_000), cpu_ms: 60_000, wall_ms: 120_000, ..Limits::DEFAULT };
    let mut all = Vec::new();
    for i in 0..50 {
        all.push(essence(run(&computing(1_000 + i * 20_011), limits).await));
    }
    all
}

#[tokio::test]
async fn fifty_programs_use_the_same_fuel_alone_and_beside_busy_loops() {
    let alone = fifty().await;
    let over = Arc::<AtomicBool>::default();
    let busy = || {
        let over = Arc::clone(&over);
        std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        })
    };
    let busy: Vec<_> = (0..8).map(|_| busy()).collect();
    let beside = fifty().await;
    over.store(true, Ordering::Relaxed);
    busy.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(alone, beside);
    let limited = alone.iter().filter(|one| one.1 == Some(LimitHit::Fuel)).count();
    assert!((1..50).contains(&limited), "some of them, and not all, run out of fuel: {limited}");
}

#[tokio::test]
async fn fuel_is_a_limit_to_the_last_unit() {
    let limits = Limits::DEFAULT;
    let used = run(&computing(1_000), limits).await.0.fuel.unwrap();
    let (enough, _) = run(&computing(1_000), Limits { fuel: Some(used), ..limits }).await;
    assert!(enough.is_success(), "{enough:?}");
    let (less, _) = run(&computing(1_000), Limits { fuel: Some(used - 1), ..limits }).await;
    assert_eq!((less.limit, less.fuel), (Some(LimitHit::Fuel), Some(used - 1)));
}
