//! The stage, the build area, and what is collected.

use bytes::Bytes;
use optimus_core::BoxPath;
use optimus_core::collect::{MAX_COLLECTED_FILES, Pattern};
use optimus_core::plan::Collect;
use optimus_sandbox::{Ability, Gather, Gathered, SandboxError, View};

use crate::lab::{Bench, Lab, file};

pub(crate) async fn a_fresh_view_is_fresh_each_time(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    for path in ["mark", "/tmp/mark", "/dev/shm/mark"] {
        assert_eq!(bench.run(View::Fresh, &["write", path]).await.ok(), "0", "{path}");
        assert_eq!(bench.run(View::Fresh, &["read", path]).await.ok(), "errno 2", "{path}");
    }
}

pub(crate) async fn the_stage_cannot_be_changed(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    bench.open.stage(&[file("data", "constant", false), file("dir/inner", "inner", false)]).await.unwrap();
    for args in
        [["write", "data"], ["write", "dir/inner"], ["write", "dir/new"], ["chmod", "data"], ["unlink", "dir/inner"]]
    {
        let ran = bench.run(View::Fresh, &args).await;
        assert_ne!(ran.ok(), "0", "{args:?}");
    }
    // A program may hide a file from itself, and only from itself.
    bench.run(View::Fresh, &["unlink", "data"]).await;
    assert_eq!(bench.run(View::Fresh, &["read", "data"]).await.ok(), "constant");
    assert_eq!(bench.run(View::Fresh, &["read", "dir/inner"]).await.ok(), "inner");
    bench.open.stage(&[file("data", "replaced", false)]).await.unwrap();
    assert_eq!(bench.run(View::Fresh, &["read", "data"]).await.ok(), "replaced");
    assert_eq!(bench.run(View::Fresh, &["read", "dir/inner"]).await.ok(), "inner");
}

pub(crate) async fn a_build_goes_from_step_to_step_and_box_to_box(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    bench.open.stage(&[file("source", "text", false)]).await.unwrap();
    assert_eq!(bench.run(View::Build, &["write", "source", "3"]).await.ok(), "0", "the copy of the stage is its own");
    assert_eq!(bench.run(View::Build, &["write", "left", "100000"]).await.ok(), "0");
    bench.run(View::Build, &["make", "out"]).await.ok();
    assert_eq!(bench.run(View::Build, &["write", "out/deep", "5"]).await.ok(), "0");
    assert_eq!(bench.run(View::Build, &["read", "out/deep"]).await.ok().len(), 5);
    assert_eq!(bench.run(View::Fresh, &["read", "left"]).await.ok(), "errno 2", "not collected yet");
    let collected = bench.open.collect(&[Collect::All]).await.unwrap();
    assert_eq!(bench.run(View::Fresh, &["read", "left"]).await.ok().len(), 100_000);
    drop(bench);

    let mut other = lab.bench().await;
    other.open.stage(&[file("old", "old", false)]).await.unwrap();
    other.open.restore(&collected).await.unwrap();
    assert_eq!(other.run(View::Fresh, &["read", "out/deep"]).await.ok().len(), 5);
    assert_eq!(other.run(View::Fresh, &["read", "source"]).await.ok().len(), 3);
    assert_eq!(other.run(View::Fresh, &["read", "old"]).await.ok(), "errno 2", "the stage was replaced");
}

/// A long archive may travel in another way than a short one, and to several boxes at the same time.
pub(crate) async fn a_long_result_goes_to_several_boxes_at_once(lab: &Lab<'_>) {
    let sizes = [("large", 3 << 20), ("odd", 300_001), ("small", 7)];
    let text = |size: usize, salt: usize| -> Bytes { (0..size).map(|i| ((i * 31 + salt) >> 3) as u8).collect() };
    let mut bench = lab.bench().await;
    for (salt, (path, size)) in sizes.into_iter().enumerate() {
        bench.open.stage(&[file(path, text(size, salt), false)]).await.unwrap();
    }
    bench.run(View::Build, &["exit", "0"]).await;
    let collected = bench.open.collect(&[Collect::All]).await.unwrap();
    assert!(collected.archive().unwrap().len() as u64 == collected.size() && collected.size() > 3 << 20);
    let read = async || {
        let mut other = lab.bench().await;
        other.open.restore(&collected).await.unwrap();
        for (salt, (path, size)) in sizes.into_iter().enumerate() {
            let ran = other.run(View::Fresh, &["read", path]).await;
            assert!(ran.stdout == text(size, salt), "`{path}` is another");
        }
    };
    tokio::join!(read(), read(), read());
}

pub(crate) async fn only_what_is_named_is_collected(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    for path in ["keep", "drop"] {
        assert_eq!(bench.run(View::Build, &["write", path]).await.ok(), "0");
    }
    let named = ["keep", "program"].map(|path| Collect::Path(BoxPath::new(path).unwrap()));
    bench.open.collect(&named).await.unwrap();
    assert_eq!(bench.run(View::Fresh, &["read", "keep"]).await.ok().len(), 1);
    assert_eq!(bench.run(View::Fresh, &["read", "drop"]).await.ok(), "errno 2");
}

pub(crate) async fn a_collected_path_that_is_no_file_is_refused(lab: &Lab<'_>) {
    for (args, expected) in [
        (&["link", "/etc/passwd", "out"][..], "`out` is a symlink, not a file"),
        (&["link", "/", "out"], "`out` is a symlink, not a file"),
        (&["exit", "0"], "the build left no `out`"),
    ] {
        assert_refused(lab, args, expected).await;
    }
}

pub(crate) async fn a_collected_fifo_is_refused(lab: &Lab<'_>) {
    assert_refused(lab, &["fifo", "out"], "`out` is a FIFO, not a file").await;
}

/// What `args` leave as `out` is refused for this reason.
async fn assert_refused(lab: &Lab<'_>, args: &[&str], expected: &str) {
    let mut bench = lab.bench().await;
    bench.run(View::Build, args).await.ok();
    let refused = bench.open.collect(&[Collect::Path(BoxPath::new("out").unwrap())]).await;
    match refused {
        Err(SandboxError::Refused(why)) => assert_eq!(why, expected),
        other => panic!("{args:?}: {other:?}"),
    }
}

async fn gather(bench: &mut Bench, patterns: &[&str], cap_bytes: u64, drop_build: bool) -> Gathered {
    let patterns: Vec<_> = patterns.iter().map(|text| Pattern::new(text).unwrap()).collect();
    bench.open.gather(Gather { patterns: &patterns, cap_bytes, drop_build }).await.unwrap()
}

/// The paths and sizes.
fn shown(gathered: &Gathered) -> Vec<(&str, usize)> {
    gathered.files.iter().map(|file| (file.path.as_str(), file.content.len())).collect()
}

pub(crate) async fn what_matches_is_gathered_and_the_rest_is_noted(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    bench.open.stage(&[file("data", "of the stage", false)]).await.unwrap();
    bench.run(View::Build, &["make", "out"]).await.ok();
    for (path, size) in [("a.txt", "3"), ("out/large", "300000"), ("out/b.txt", "0"), ("c.bin", "9")] {
        assert_eq!(bench.run(View::Build, &["write", path, size]).await.ok(), "0", "{path}");
    }
    let has_fifos = lab.sandbox.describe().has(Ability::Pipes);
    let fifo = has_fifos.then_some(&["fifo", "out/fifo"][..]);
    for args in [&["link", "/etc/passwd", "link.txt"][..], &["link", "/etc", "out/etc"]].into_iter().chain(fifo) {
        bench.run(View::Build, args).await.ok();
    }
    let wanted = ["*.txt", "out", "program", "gone", "out/etc/passwd", "x/*"];
    let gathered = gather(&mut bench, &wanted, 8 << 20, false).await;
    let program = lab.program.len();
    assert_eq!(shown(&gathered), [("a.txt", 3), ("out/b.txt", 0), ("out/large", 300_000), ("program", program)]);
    assert_eq!(gathered.files.iter().map(|file| file.executable).collect::<Vec<_>>(), [false, false, false, true]);
    assert!(gathered.files[3].content.as_bytes() == lab.program);
    let refused = ["`link.txt` is a symlink, not a file", "`out/etc` is a symlink, not a file"];
    let fifo = if has_fifos { &["`out/fifo` is a FIFO, not a file"][..] } else { &[] };
    let missing = ["there is no `gone`", "there is no `out/etc/passwd`", "there is no `x/*`"];
    assert_eq!(gathered.notes, [&refused[..], fifo, &missing].concat());

    assert_eq!(bench.run(View::Build, &["read", "a.txt"]).await.ok().len(), 3, "the build area is still there");
    assert_eq!(gather(&mut bench, &[], 0, true).await, Gathered::default());
    assert_eq!(bench.run(View::Build, &["read", "a.txt"]).await.ok(), "errno 2", "a new build area");
    assert_eq!(bench.run(View::Fresh, &["read", "data"]).await.ok(), "of the stage");
}

pub(crate) async fn what_is_too_much_to_gather_is_left_out(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    for (path, size) in [("1", "600"), ("2", "500"), ("3", "400")] {
        assert_eq!(bench.run(View::Build, &["write", path, size]).await.ok(), "0");
    }
    let gathered = gather(&mut bench, &["?"], 1_000, false).await;
    assert_eq!(shown(&gathered), [("1", 600), ("3", 400)]);
    assert_eq!(gathered.notes, ["`2` has 500 bytes, more than the 400 that are left for the job's files"]);
    for (directory, count) in [("many", "300"), ("more", "10500")] {
        bench.run(View::Build, &["make", directory]).await.ok();
        bench.run(View::Build, &["write-many", count, directory]).await.ok();
    }
    let gathered = gather(&mut bench, &["many"], 1 << 20, false).await;
    assert_eq!((gathered.files.len(), gathered.files[255].path.as_str()), (MAX_COLLECTED_FILES, "many/00255"));
    assert_eq!(gathered.notes, ["there are more than 256 files"]);
    // A path without a wildcard is found among any number of names.
    let gathered = gather(&mut bench, &["more/x*", "more/10444"], 1 << 20, true).await;
    assert_eq!(shown(&gathered), [("more/10444", 0)]);
    assert_eq!(gathered.notes, ["there are more than 10000 names to look at"]);
}
