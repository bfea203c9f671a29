//! A test again, in a process of its own that an ordinary user owns.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

const INSIDE: &str = "OPTIMUS_TEST_INSIDE";
/// `nobody` of Debian and most others; without a group of root's.
const NOBODY: [&str; 6] = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];

/// Whether this is the process that [`again`] started.
pub(crate) fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Runs the test `name` of this program again as the user `nobody`. Skipped without root: the table has been an ordinary user's then.
pub(crate) fn again(name: &str) {
    if fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) != 0) {
        return println!("skipped: not root, so the table was an ordinary user's already");
    }
    if Command::new(NOBODY[0]).arg("--version").output().is_err() {
        assert!(std::env::var_os("OPTIMUS_TEST_STRICT").is_none(), "no `setpriv`");
        return println!("skipped: no `setpriv`");
    }
    again_as(&NOBODY, name);
}

/// Runs the test `name` of this program again. `prefix` is the command that starts it as another user.
pub(crate) fn again_as(prefix: &[impl AsRef<OsStr>], name: &str) {
    // Copies where everybody may read them.
    let place = tempfile::tempdir().unwrap();
    let programs = place.path().join("programs");
    fs::create_dir(&programs).unwrap();
    for program in crate::programs::load().unwrap() {
        let source = program.path.with_extension("c");
        for file in [&program.path, &source] {
            copy(file, &programs.join(file.file_name().unwrap()));
        }
    }
    let suite = place.path().join("hostile");
    copy(&std::env::current_exe().unwrap(), &suite);
    fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(&prefix[0]);
    command.args(&prefix[1..]).arg(&suite).args(["--exact", name, "--nocapture"]);
    command.env(INSIDE, "1").env("OPTIMUS_TEST_PROGRAMS", &programs).env("TMPDIR", "/tmp").current_dir("/");
    let record = place.path().join("record");
    fs::write(&record, "").unwrap();
    fs::set_permissions(&record, Permissions::from_mode(0o666)).unwrap();
    let output = command.env("OPTIMUS_TEST_RECORD", &record).output().unwrap();
    if let Some(ours) = std::env::var_os("OPTIMUS_TEST_RECORD") {
        let mut ours = fs::OpenOptions::new().create(true).append(true).open(ours).unwrap();
        std::io::Write::write_all(&mut ours, &fs::read(&record).unwrap()).unwrap();
    }
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    println!("{said}");
}

fn copy(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
    fs::set_permissions(to, Permissions::from_mode(0o755)).unwrap();
}
