//! What every backend must do, as one suite; and the suite on the backends that there are.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and says what it skipped")]

mod cases;
mod daemon;
mod lab;
mod leaks;
mod processors;
mod wasm;

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use optimus_core::Limits;
use optimus_sandbox::{
    Ability, BoxStep, Description, DockerConfig, FakeSandbox, NativeConfig, NativeSandbox, Pinning, Processors, Sandbox,
};
use optimus_testing::skip;

use lab::Lab;

type Case = for<'a> fn(&'a Lab<'a>) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

macro_rules! cases {
    ($($subject:ident::{$($name:ident),* $(,)?}),* $(,)?) => {
        &[$($((stringify!($name), (|lab| Box::pin(cases::$subject::$name(lab))) as Case)),*),*]
    };
}

/// What holds wherever programs run.
const ALWAYS: &[(&str, Case)] = cases![
    proc::{proc_tells_how_large_the_machine_is},
    programs::{
        exit_codes,
        signals_are_the_programs_own,
        a_missing_program_is_not_started,
        environment_and_arguments_are_exact,
    },
    streams::{
        bytes_come_back_as_they_went,
        both_directions_flow_at_once,
        a_live_input_is_answered_while_both_run,
        a_live_input_without_a_writer_ends_at_the_wall_limit,
        a_held_end_reports_whether_it_was_awaited,
        an_early_end_of_stdout_is_reported,
        unread_output_blocks_the_program,
        unread_input_blocks_nothing,
        output_is_cut_at_the_limit,
    },
    channels::{
        channels_go_both_ways_and_end,
        channels_are_bounded_as_output_is,
    },
    limits::{
        wall_time_ends_a_sleeper,
        file_sizes_are_bounded,
        the_work_area_is_bounded,
        open_files_are_bounded,
    },
    files::{
        a_fresh_view_is_fresh_each_time,
        the_stage_cannot_be_changed,
        a_build_goes_from_step_to_step_and_box_to_box,
        a_long_result_goes_to_several_boxes_at_once,
        only_what_is_named_is_collected,
        a_collected_path_that_is_no_file_is_refused,
        a_collected_fifo_is_refused,
        what_matches_is_gathered_and_the_rest_is_noted,
        what_is_too_much_to_gather_is_left_out,
    },
    ends::{
        nothing_is_left_for_the_next_box,
        a_dropped_run_is_over,
    },
];

/// What only a backend that accounts for resources can keep: one that describes a gap is not tested.
const COUNTED: &[(&str, Case)] = cases![
    limits::{
        a_program_that_waits_for_a_processor_is_not_idle,
        cpu_time_is_summed,
        memory_counts_when_it_is_touched,
        the_next_step_has_all_of_its_memory,
        processes_are_counted,
    },
    ends::{
        nothing_outlives_its_step,
    },
];

/// What a backend must have for a case; the others need nothing that is not everywhere.
const NEEDS: &[(&str, Ability)] = &[
    ("proc_tells_how_large_the_machine_is", Ability::Proc),
    ("signals_are_the_programs_own", Ability::Signals),
    ("channels_go_both_ways_and_end", Ability::Pipes),
    ("channels_are_bounded_as_output_is", Ability::Pipes),
    ("a_collected_fifo_is_refused", Ability::Pipes),
    ("cpu_time_is_summed", Ability::Threads),
    ("memory_counts_when_it_is_touched", Ability::LazyMemory),
    ("the_next_step_has_all_of_its_memory", Ability::Processes),
    ("processes_are_counted", Ability::Processes),
    ("nothing_outlives_its_step", Ability::Processes),
];

/// What a case needs and `description` lacks.
fn lacking(case: &str, description: &Description) -> Option<Ability> {
    let mut needs = NEEDS.iter().filter(|(name, _)| *name == case).map(|(_, ability)| *ability);
    needs.find(|ability| !description.has(*ability))
}

/// Runs the whole suite, and names every case that failed.
async fn contract(sandbox: &dyn Sandbox, image: &str, program: Bytes) {
    let lab = Lab { sandbox, image, program };
    let description = sandbox.describe();
    let counted = if description.gaps.is_empty() { COUNTED } else { &[] };
    let mut failed = Vec::new();
    for (name, case) in ALWAYS.iter().chain(counted) {
        if let Some(ability) = lacking(name, &description) {
            println!("{name}: not on `{}`, which has no {ability:?}", description.name);
            continue;
        }
        let result = futures::FutureExt::catch_unwind(AssertUnwindSafe(case(&lab))).await;
        println!("{name}: {}", if result.is_ok() { "ok" } else { "FAILED" });
        if result.is_err() {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "broken on `{}`: {failed:?}", sandbox.describe().name);
}

fn program() -> Option<Bytes> {
    let directory = tempfile::tempdir().unwrap();
    lab::build_program(directory.path()).map_err(|why| skip(&why)).ok()
}

fn native(config: NativeConfig) -> Option<NativeSandbox> {
    NativeSandbox::new(config).map_err(|error| skip(&error.to_string())).ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn native_keeps_the_contract() {
    let Some(program) = program() else { return };
    let Some(sandbox) = native(NativeConfig::default()) else { return };
    contract(&sandbox, "", program).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn docker_keeps_the_contract() {
    let Some(program) = program() else { return };
    match daemon::sandbox(DockerConfig::default()).await {
        Ok(sandbox) => contract(&sandbox, daemon::IMAGE, program).await,
        Err(why) => skip(&why),
    }
}

/// Two processors for boxes, or why there are none.
fn two_processors() -> Result<([u16; 2], Option<Arc<Processors>>), String> {
    let two = processors::two()?;
    Ok((two, Some(Processors::find(&Pinning::List(two.into())).unwrap())))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn native_boxes_have_a_processor_each() {
    let Some(program) = program() else { return };
    let (two, processors) = match two_processors() {
        Ok(found) => found,
        Err(why) => return skip(&why),
    };
    let config = NativeConfig { processors, allow_gaps: true, ..NativeConfig::default() };
    let Some(sandbox) = native(config) else { return };
    processors::each_box_has_its_own(&sandbox, "", program, two).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn docker_boxes_have_a_processor_each() {
    let Some(program) = program() else { return };
    let (two, processors) = match two_processors() {
        Ok(found) => found,
        Err(why) => return skip(&why),
    };
    match daemon::sandbox(DockerConfig { processors, ..DockerConfig::default() }).await {
        Ok(sandbox) => processors::each_box_has_its_own(&sandbox, daemon::IMAGE, program, two).await,
        Err(why) => skip(&why),
    }
}

/// In a process of its own, since other tests' boxes would count.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn native_leaves_nothing_behind() {
    if !is_inside() {
        return again("native_leaves_nothing_behind", &[""; 0]);
    }
    let Some(program) = program() else { return };
    leaks::many_boxes(program).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn native_keeps_the_contract_without_root() {
    if is_inside() {
        let Some(program) = program() else { return };
        let Some(sandbox) = native(NativeConfig { allow_gaps: true, ..NativeConfig::default() }) else { return };
        return contract(&sandbox, "", program).await;
    }
    if !rustix::process::geteuid().is_root() {
        return skip("not root, so the test above was this one");
    }
    let nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    if std::process::Command::new(nobody[0]).arg("--version").output().is_err() {
        return skip("no `setpriv`");
    }
    again("native_keeps_the_contract_without_root", &nobody);
}

/// The same as a user with subordinate ids. Only this test sees the files that grant them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn native_keeps_the_contract_with_subordinate_ids() {
    if is_inside() {
        let Some(program) = program() else { return };
        let Some(sandbox) = native(NativeConfig { allow_gaps: true, ..NativeConfig::default() }) else { return };
        let summary = sandbox.describe().summary;
        assert!(summary.contains("subordinate ids"), "{summary}");
        return contract(&sandbox, "", program).await;
    }
    match optimus_testing::granted::user() {
        Ok(prefix) => again("native_keeps_the_contract_with_subordinate_ids", &prefix),
        Err(missing) => skip(&missing),
    }
}

const INSIDE: &str = "OPTIMUS_TEST_INSIDE";

fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Runs one of these tests again, in a process of its own, started by `prefix`.
fn again(name: &str, prefix: &[impl AsRef<std::ffi::OsStr>]) {
    // A copy where everybody may read it.
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let copy = directory.path().join("contract");
    std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    let words = prefix.iter().map(AsRef::as_ref).chain([copy.as_os_str()]).collect::<Vec<_>>();
    let output = std::process::Command::new(words[0])
        .args(&words[1..])
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .env("TMPDIR", "/tmp")
        .current_dir("/")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    println!("{said}");
}

#[tokio::test]
async fn the_fake_answers_as_its_script_says() {
    let sandbox = FakeSandbox::echo();
    let mut open = sandbox.open("any").await.unwrap();
    let mut seen = Vec::new();
    struct Keep<'a>(&'a mut Vec<u8>);
    impl optimus_sandbox::Sink for Keep<'_> {
        fn write(&mut self, _: optimus_core::Stream, bytes: &[u8]) {
            self.0.extend_from_slice(bytes);
        }
    }
    let argv = ["x".to_owned()];
    let stdin = Bytes::from_static(b"in");
    let step = BoxStep { stdin: stdin.into(), ..BoxStep::new(&argv, Limits::DEFAULT) };
    let outcome = open.run(&step, &mut Keep(&mut seen)).await.unwrap();
    assert!(outcome.is_success());
    assert_eq!(seen, b"in");
    let silent = FakeSandbox::new(Arc::new(|_, _, _| Ok(FakeSandbox::success(0))));
    assert_eq!(silent.describe().name, "fake");
}
