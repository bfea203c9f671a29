//! What only a Docker daemon can do to us, and we to it: faults, hostile images, and what is left behind.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "contract/daemon.rs"]
mod daemon;
#[path = "contract/lab.rs"]
#[expect(dead_code, reason = "the contract uses all of it")]
mod lab;
#[path = "docker/small.rs"]
mod small;
#[path = "docker/wire.rs"]
mod wire;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::models::ContainerCreateBody;
use bollard::query_parameters::{CreateContainerOptions, KillContainerOptionsBuilder, ListContainersOptionsBuilder};
use bytes::Bytes;
use optimus_core::Limits;
use optimus_sandbox::{BoxStep, Discard, DockerConfig, DockerSandbox, Sandbox, SandboxError};
use optimus_testing::skip;

use daemon::IMAGE;
use lab::Lab;
use small::Small;
use wire::{State, Wire};

/// A worker of this test alone, whose containers can be told from all others.
fn worker(name: &str) -> DockerConfig {
    DockerConfig { worker: format!("test-{name}-{}", std::process::id()), pull: false, ..DockerConfig::default() }
}

/// Everything that a test needs; `None` where there is no daemon or no compiler, which has then been said.
async fn ready(config: &DockerConfig) -> Option<(Docker, DockerSandbox, Bytes)> {
    let directory = tempfile::tempdir().unwrap();
    let ready = async {
        let program = lab::build_program(directory.path())?;
        Ok::<_, String>((daemon::client().await?, daemon::sandbox(config.clone()).await?, program))
    };
    ready.await.map_err(|why| skip(&why)).ok()
}

async fn containers(docker: &Docker, config: &DockerConfig) -> Vec<String> {
    let filters = HashMap::from([("label", vec![format!("optimus.worker={}", config.worker)])]);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
    docker.list_containers(Some(options)).await.unwrap().into_iter().filter_map(|container| container.id).collect()
}

/// Waits until nothing is left of a worker whose sandbox has been dropped.
async fn gone(docker: &Docker, config: &DockerConfig) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let left = containers(docker, config).await;
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "left behind: {left:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_that_is_not_there_is_named() {
    let config = worker("missing");
    let Some((_, sandbox, _)) = ready(&config).await else { return };
    for image in ["optimus-test:nowhere", ""] {
        match sandbox.open(image).await.map(drop) {
            Err(SandboxError::Unavailable { message, hint }) => {
                assert!(message.contains(image) && !hint.is_empty(), "{message}");
            }
            other => panic!("{other:?}"),
        }
    }
    let strict = DockerConfig { require_digest: true, ..config };
    let sandbox = DockerSandbox::connect(strict).await.unwrap();
    let refused = sandbox.open(IMAGE).await.map(drop).unwrap_err();
    assert!(refused.to_string().contains("not named by its digest"), "{refused}");
}

#[tokio::test]
async fn a_daemon_that_is_not_there_is_said() {
    let config = DockerConfig { host: Some("unix:///nowhere/docker.sock".to_owned()), ..DockerConfig::default() };
    match DockerSandbox::connect(config).await.map(drop) {
        Err(SandboxError::Unavailable { message, hint }) => {
            assert!(message.contains("cannot be reached") && hint.contains("DOCKER_HOST"), "{message}; {hint}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_is_said_and_no_reason_to_start_anew() {
    let directory = tempfile::tempdir().unwrap();
    let (small, program) = match (Small::start(8).await, lab::build_program(directory.path())) {
        (Ok(small), Ok(program)) => (small, program),
        (Err(why), _) | (_, Err(why)) => return skip(&why),
    };
    daemon::import(&small.client().await.unwrap(), IMAGE, &[]).await.unwrap();
    let config = DockerConfig { host: Some(small.host()), ..worker("full") };
    let sandbox = DockerSandbox::connect(config).await.unwrap();
    let filler = small.fill();
    match sandbox.open(IMAGE).await.map(drop) {
        Err(SandboxError::Unavailable { message, hint }) => {
            assert!(
                message.contains("no space left on device") && hint.contains("docker system df"),
                "{message}; {hint}"
            );
        }
        other => panic!("{other:?}"),
    }
    std::fs::remove_file(filler).unwrap();
    let lab = Lab { sandbox: &sandbox, image: IMAGE, program };
    lab.run(&["exit", "0"], "", Limits::DEFAULT).await.ok();
    drop(sandbox);
}

/// What an image says about how it is to be started is not heard.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_image_is_not_obeyed() {
    const HOSTILE: &str = "optimus-test:hostile";
    let config = worker("hostile");
    let Some((docker, sandbox, program)) = ready(&config).await else { return };
    let changes = [
        "ENTRYPOINT [\"/usr/bin/gain\"]",
        "CMD [\"x\"]",
        "USER 4711",
        "WORKDIR /nowhere",
        "VOLUME /data",
        "HEALTHCHECK CMD /usr/bin/gain",
        "ONBUILD RUN /usr/bin/gain",
        "ENV HOME=/data LD_PRELOAD=/data/x.so MINE=yes",
    ];
    daemon::import(&docker, HOSTILE, &changes).await.unwrap();
    let lab = Lab { sandbox: &sandbox, image: HOSTILE, program };
    let ran = lab.run(&["env"], "", Limits::DEFAULT).await;
    let mut seen: Vec<&str> = ran.ok().split_terminator('\0').filter(|pair| !pair.starts_with("PATH=")).collect();
    seen.sort_unstable();
    assert_eq!(seen, ["HOME=/tmp", "LANG=C.UTF-8", "LD_PRELOAD=/data/x.so", "MINE=yes", "TMPDIR=/tmp"]);
    assert_eq!(lab.run(&["read", "/etc/machine-id"], "", Limits::DEFAULT).await.ok(), "", "it is covered");
    let id = containers(&docker, &config).await.pop().unwrap();
    let container = docker.inspect_container(&id, None).await.unwrap();
    let (told, host) = (container.config.unwrap(), container.host_config.unwrap());
    assert_eq!(told.entrypoint.unwrap(), ["/.optimus/agent"]);
    assert_eq!((told.user.as_deref(), told.cmd.unwrap_or_default().len()), (Some("0:0"), 0));
    assert_eq!(told.healthcheck.unwrap().test.unwrap(), ["NONE"]);
    assert!(told.on_build.unwrap_or_default().is_empty());
    assert_eq!((host.network_mode.as_deref(), host.readonly_rootfs), (Some("none"), Some(true)));
    assert_eq!((host.cap_drop.unwrap(), host.memory), (vec!["ALL".to_owned()], host.memory_swap));
    let volumes = container.mounts.unwrap().into_iter().filter(|mount| mount.name.is_some()).count();
    assert_eq!(volumes, 0, "a volume outlives its container");
    drop(sandbox);
    gone(&docker, &config).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_is_killed_is_our_failure_and_the_next_box_works() {
    let config = worker("killed");
    let Some((docker, sandbox, program)) = ready(&config).await else { return };
    let lab = Lab { sandbox: &sandbox, image: IMAGE, program };
    let mut bench = lab.bench().await;
    let id = containers(&docker, &config).await.pop().unwrap();
    let kill = || KillContainerOptionsBuilder::default().signal("KILL").build();
    let limits = Limits { wall_ms: 60_000, ..Limits::DEFAULT };
    let argv = ["./program", "sleep", "50"].map(str::to_owned);
    let step = BoxStep::new(&argv, limits);
    let mut sink = Discard;
    let (ran, ()) = tokio::join!(bench.open.run(&step, &mut sink), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        docker.kill_container(&id, Some(kill())).await.unwrap();
    });
    assert!(matches!(ran, Err(SandboxError::Lost(_))), "{ran:?}");
    drop(bench);
    lab.run(&["exit", "0"], "", Limits::DEFAULT).await.ok();

    // One that waits is found dead, and another opened.
    tokio::time::sleep(Duration::from_millis(200)).await;
    for id in containers(&docker, &config).await {
        // It may just be going.
        let _ = docker.kill_container(&id, Some(kill())).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    lab.run(&["exit", "0"], "", Limits::DEFAULT).await.ok();
    drop(sandbox);
    gone(&docker, &config).await;
}

/// So many boxes at the same time, more than wait, answer.
async fn all_answer(sandbox: &DockerSandbox, boxes: usize) -> Result<(), SandboxError> {
    let mut held = Vec::new();
    for _ in 0..boxes {
        let mut open = sandbox.open(IMAGE).await?;
        open.stage(&[]).await?;
        held.push(open);
    }
    Ok(())
}

/// The daemon is reached over TCP, and in the middle of a run it goes, or says no more: that is our failure, and once
/// it is back the same sandbox works again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_goes_or_says_no_more_is_our_failure_until_it_is_back() {
    let wire = Wire::lay().await.unwrap();
    let config = DockerConfig { host: Some(format!("tcp://{}", wire.address)), ..worker("wire") };
    let Some((docker, sandbox, program)) = ready(&config).await else { return };
    let lab = Lab { sandbox: &sandbox, image: IMAGE, program };
    for (fault, words) in [(State::Down, ""), (State::Wedged, "did not answer within 61 s")] {
        lab.run(&["exit", "0"], "", Limits::DEFAULT).await.ok();
        let mut bench = lab.bench().await;
        let limits = Limits { wall_ms: 1_000, ..Limits::DEFAULT };
        let argv = ["./program", "sleep", "50"].map(str::to_owned);
        let step = BoxStep::new(&argv, limits);
        let mut sink = Discard;
        let (ran, ()) = tokio::join!(bench.open.run(&step, &mut sink), async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            wire.set(fault);
        });
        match ran {
            Err(SandboxError::Lost(why)) => assert!(why.contains(words), "{fault:?}: {why}"),
            other => panic!("{fault:?}: {other:?}"),
        }
        drop(bench);
        if fault == State::Down {
            // A box that waited may not have noticed yet.
            let deadline = Instant::now() + Duration::from_secs(30);
            let refused = loop {
                match sandbox.open(IMAGE).await {
                    Ok(_) => assert!(Instant::now() < deadline, "boxes come from nowhere"),
                    Err(error) => break error,
                }
            };
            assert!(matches!(refused, SandboxError::Unavailable { .. }), "{refused:?}");
            assert!(refused.to_string().contains("cannot be reached"), "{refused}");
        }
        wire.set(State::Up);
        // A box that was being started meanwhile may still fail, and its failure goes to the next caller; one that waited
        // may not have noticed that its connection is gone.
        let deadline = Instant::now() + Duration::from_secs(30);
        while let Err(error) = all_answer(&sandbox, config.slots + 1).await {
            assert!(Instant::now() < deadline, "the daemon is back, and boxes do not answer: {error}");
        }
    }
    lab.run(&["exit", "0"], "", Limits::DEFAULT).await.ok();
    drop(sandbox);
    gone(&docker, &config).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_worker_left_is_removed_and_nothing_else() {
    let (config, other) = (worker("dead"), worker("alive"));
    let Some((docker, sandbox, _)) = ready(&config).await else { return };
    drop(sandbox);
    let leave = async |config: &DockerConfig, boot: &str| {
        let labels = HashMap::from([
            ("optimus.worker".to_owned(), config.worker.clone()),
            ("optimus.boot".to_owned(), boot.to_owned()),
        ]);
        let body = ContainerCreateBody {
            image: Some(IMAGE.to_owned()),
            cmd: Some(vec!["x".to_owned()]),
            labels: Some(labels),
            ..ContainerCreateBody::default()
        };
        docker.create_container(None::<CreateContainerOptions>, body).await.unwrap().id
    };
    let left = leave(&config, "another-boot.1.1.1.0").await;
    let foreign = leave(&other, "another-boot.1.1.1.0").await;
    drop(DockerSandbox::connect(config.clone()).await.unwrap());
    assert!(!containers(&docker, &config).await.contains(&left));
    assert!(containers(&docker, &other).await.contains(&foreign), "another worker's");
    drop(DockerSandbox::connect(other.clone()).await.unwrap());
    gone(&docker, &other).await;
}

/// A container for each job, boxes dropped in the middle of a run, limits that make the container's follow: in the end
/// the daemon is as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_on_the_daemon() {
    let config = DockerConfig { jobs_per_box: 4, ..worker("leaks") };
    let Some((docker, sandbox, program)) = ready(&config).await else { return };
    let lab = Lab { sandbox: &sandbox, image: IMAGE, program: program.clone() };
    for number in 0..12 {
        let memory_bytes = if number % 4 == 0 { Limits::CAP.memory_bytes } else { Limits::DEFAULT.memory_bytes };
        let limits = Limits { memory_bytes, ..Limits::DEFAULT };
        lab.run(&["exit", "0"], "", limits).await.ok();
        if number % 5 == 0 {
            let argv = ["./program", "sleep", "50"].map(str::to_owned);
            let step = BoxStep::new(&argv, limits);
            let mut bench = lab.bench().await;
            let run = tokio::time::timeout(Duration::from_millis(50), bench.open.run(&step, &mut Discard)).await;
            assert!(run.is_err(), "it sleeps");
        }
    }
    let of_jobs = DockerConfig { container_per_job: true, ..config.clone() };
    let each = DockerSandbox::connect(of_jobs).await.unwrap();
    let lab = Lab { sandbox: &each, image: IMAGE, program };
    for _ in 0..2 {
        lab.run(&["exit", "0"], "", Limits::DEFAULT).await.ok();
    }
    drop((sandbox, each));
    gone(&docker, &config).await;
}
