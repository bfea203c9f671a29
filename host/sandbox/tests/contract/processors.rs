//! Boxes that have a processor each: where their programs are, that they stay there, and that one which is given back is
//! free again.

use std::time::Duration;

use bytes::Bytes;
use optimus_core::Limits;
use optimus_sandbox::{BoxStep, Discard, Sandbox, View};
use tokio::time::timeout;

use super::lab::{Bench, Lab, file};

/// Two processors of this machine, if it has so many that we may use.
pub(crate) fn two() -> Result<[u16; 2], String> {
    let mask = rustix::thread::sched_getaffinity(None).map_err(|error| error.to_string())?;
    let mut own = (0..rustix::thread::CpuSet::MAX_CPU).filter(|&number| mask.is_set(number));
    match (own.next(), own.next()) {
        (Some(one), Some(other)) => Ok([one, other].map(|number| u16::try_from(number).unwrap())),
        _ => Err("two processors are needed".to_owned()),
    }
}

/// Boxes of a sandbox that may use these two.
pub(crate) async fn each_box_has_its_own(sandbox: &dyn Sandbox, image: &str, program: Bytes, two: [u16; 2]) {
    let lab = Lab { sandbox, image, program };
    let (mut first, mut second) = (lab.bench().await, lab.bench().await);
    assert_eq!(place(&mut first).await, two[0].to_string());
    assert_eq!(place(&mut second).await, two[1].to_string());
    assert_eq!(place(&mut first).await, two[0].to_string(), "in the next step too");

    stays(&mut first, two[0]).await;
    let mut beside = Bench { open: sandbox.open_unpinned(image).await.unwrap() };
    beside.open.stage(&[file("program", lab.program.clone(), true)]).await.unwrap();
    // All are taken, so it shares them; it waits for none.
    assert_eq!(
        place(&mut beside).await,
        if two[0] + 1 == two[1] { format!("{}-{}", two[0], two[1]) } else { list(two) }
    );

    let third = timeout(Duration::from_millis(300), sandbox.open(image)).await;
    assert!(third.is_err(), "a third box has found a processor");
    drop(first);
    let mut third = lab.bench().await;
    assert_eq!(place(&mut third).await, two[0].to_string(), "what was given back is free again");

    // A run that is dropped is killed, and then its processor comes back as well.
    let argv = ["./program", "spin", "60000"].map(str::to_owned);
    let step = BoxStep::new(&argv, Limits::DEFAULT);
    assert!(timeout(Duration::from_millis(50), second.open.run(&step, &mut Discard)).await.is_err());
    drop(second);
    let mut fourth = timeout(Duration::from_secs(30), lab.bench()).await.unwrap();
    assert_eq!(place(&mut fourth).await, two[1].to_string());
}

fn list(two: [u16; 2]) -> String {
    two.map(|number| number.to_string()).join(",")
}

/// The processors that a program may run on, as the kernel says.
async fn place(bench: &mut Bench) -> String {
    let ran = bench.run(View::Fresh, &["read", "/proc/self/status"]).await;
    let line = ran.ok().lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    line.expect("the kernel says so").trim().to_owned()
}

/// Neither it, nor a thread, nor a child gets away; what was refused is refused politely.
async fn stays(bench: &mut Bench, processor: u16) {
    for view in [View::Fresh, View::Build] {
        let said = format!("errno 1, on {processor}\n");
        assert_eq!(bench.run(view, &["move"]).await.ok(), said.repeat(3));
    }
}
