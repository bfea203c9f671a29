//! The machine's initial file system: a shell, the test executables with their libraries, the hostile programs.
//!
//! The tree is laid out like a distribution's (`/bin` is a link to `/usr/bin`, and so on), since a box shows its
//! programs the toolchains of its host. It is not compressed: unpacking is what an emulated processor is worst at.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use super::Depth;
use crate::shell;

/// The first program of the machine's memory: moves everything to a file system that can be pivoted away from.
const FIRST: &str = include_str!("first.sh");
/// And then this one mounts, runs and reports.
const INIT: &str = include_str!("init.sh");

/// Builds the archive and returns its path.
pub(crate) fn build(cache: &Path, module: Option<&Path>, suites: &[PathBuf], depth: Depth) -> anyhow::Result<PathBuf> {
    let tree = cache.join("tree");
    if tree.exists() {
        std::fs::remove_dir_all(&tree).with_context(|| format!("`{}`", tree.display()))?;
    }
    let system = tree.join("system");
    lay_out(&system)?;
    if let Some(module) = module {
        std::fs::copy(module, system.join("overlay.ko")).with_context(|| format!("`{}`", module.display()))?;
    }
    let programs = cache.join("programs");
    for suite in suites {
        add_suite(&system, suite, &programs)?;
        let name = suite_name(suite);
        let users = system.join("users").join(&name);
        std::fs::write(&users, depth.users(&name).join(" ")).with_context(|| format!("`{}`", users.display()))?;
    }
    shell::run(Command::new("cp").arg("-a").arg(&programs).arg(system.join("programs")))?;
    add_busybox(&tree, &system, cache)?;
    add_mappers(&system)?;
    write_script(&tree.join("init"), FIRST)?;
    write_script(&system.join("usr/sbin/init"), INIT)?;
    pack(&tree, &cache.join("initrd.cpio"))
}

/// `hostile-0123456789abcdef` is called `hostile`.
pub(crate) fn suite_name(suite: &Path) -> String {
    let name = suite.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.rsplit_once('-').map_or(name.clone(), |(name, _)| name.to_owned())
}

fn lay_out(system: &Path) -> anyhow::Result<()> {
    let directories =
        "usr/bin usr/sbin usr/lib usr/lib64 etc dev proc sys tmp var/tmp root home/user home/granted run suites users";
    for directory in directories.split(' ') {
        let path = system.join(directory);
        std::fs::create_dir_all(&path).with_context(|| format!("`{}`", path.display()))?;
    }
    for link in ["bin", "sbin", "lib", "lib64"] {
        symlink(format!("usr/{link}"), system.join(link)).with_context(|| format!("`{link}`"))?;
    }
    let files = [
        (
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n\
              granted:x:1001:1001:granted:/home/granted:/bin/sh\n",
        ),
        ("etc/group", "root:x:0:\nuser:x:1000:\ngranted:x:1001:\n"),
        ("etc/shadow", "root:*:1:0:99999:7:::\nuser:*:1:0:99999:7:::\ngranted:*:1:0:99999:7:::\n"),
        ("etc/subuid", "granted:100000:65536\n"),
        ("etc/subgid", "granted:100000:65536\n"),
        ("etc/hostname", "machine\n"),
    ];
    for (path, text) in files {
        std::fs::write(system.join(path), text).with_context(|| format!("`{path}`"))?;
    }
    set_mode(&system.join("etc/shadow"), 0o600)
}

/// Copies a test executable, its libraries and its programs: there is no compiler in the machine.
fn add_suite(system: &Path, suite: &Path, programs: &Path) -> anyhow::Result<()> {
    let name = suite_name(suite);
    let target = system.join("suites").join(&name);
    // Debugging symbols are most of the file.
    let stripped = Command::new("strip").arg("-o").args([&target, suite]).stderr(Stdio::null()).status();
    if !stripped.is_ok_and(|status| status.success()) {
        std::fs::copy(suite, &target).with_context(|| format!("`{}`", suite.display()))?;
    }
    for library in libraries(suite)? {
        add_library(system, &library)?;
    }
    compile_programs(suite, &name, programs)
}

fn compile_programs(suite: &Path, name: &str, programs: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(programs).with_context(|| format!("`{}`", programs.display()))?;
    let own = shell::root().join("host/sandbox/tests").join(name).join("program.c");
    if own.is_file() {
        let target = programs.join(format!("{name}_program"));
        return shell::run(Command::new("cc").args(["-O1", "-static", "-pthread", "-w", "-o"]).args([&target, &own]));
    }
    // The hostile suite compiles its own when it checks its table; others have none, and no such test.
    let mut check = Command::new(suite);
    check.args(["--exact", "the_table_is_sound"]).env("OPTIMUS_TEST_PROGRAMS", programs);
    shell::run(check.stdout(Stdio::null()))
}

/// The files that the dynamic loader would map, itself among them.
fn libraries(executable: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let output = Command::new("ldd").arg(executable).output().context("cannot start `ldd`")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // A static executable has none, and ldd calls that an error.
    Ok(text.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect())
}

fn add_library(system: &Path, library: &Path) -> anyhow::Result<()> {
    let below_root = library.strip_prefix("/").unwrap_or(library);
    // `/lib/…` and `/usr/lib/…` are the same place there, also where they are not here.
    let place = if below_root.starts_with("usr") { below_root.to_owned() } else { Path::new("usr").join(below_root) };
    let target = system.join(place);
    let directory = target.parent().context("a library lies in no directory")?;
    std::fs::create_dir_all(directory).with_context(|| format!("`{}`", directory.display()))?;
    std::fs::copy(library, &target).with_context(|| format!("`{}`", library.display()))?;
    set_mode(&target, 0o755)
}

/// The programs that map subordinate ids, which are set-user-ID root.
fn add_mappers(system: &Path) -> anyhow::Result<()> {
    for program in ["newuidmap", "newgidmap"] {
        let source = Path::new("/usr/bin").join(program);
        ensure!(source.is_file(), "`{program}` is not installed; on Debian: apt-get install uidmap");
        let target = system.join("usr/bin").join(program);
        std::fs::copy(&source, &target).with_context(|| format!("`{program}`"))?;
        set_mode(&target, 0o4755)?;
        for library in libraries(&source)? {
            add_library(system, &library)?;
        }
    }
    Ok(())
}

fn add_busybox(tree: &Path, system: &Path, cache: &Path) -> anyhow::Result<()> {
    let busybox = &busybox(cache)?;
    for target in [tree.join("busybox"), system.join("usr/bin/busybox")] {
        std::fs::copy(busybox, &target).with_context(|| format!("`{}`", target.display()))?;
    }
    for applet in shell::read(Command::new(busybox).arg("--list"))?.lines().filter(|applet| *applet != "busybox") {
        symlink("busybox", system.join("usr/bin").join(applet)).with_context(|| format!("`{applet}`"))?;
    }
    Ok(())
}

/// A static one: the installed one may be another.
fn busybox(cache: &Path) -> anyhow::Result<PathBuf> {
    let installed = shell::read(Command::new("sh").args(["-c", "command -v busybox || true"]))?;
    let installed = PathBuf::from(installed.trim());
    if installed.is_file() && libraries(&installed)?.is_empty() {
        return Ok(installed);
    }
    ensure!(shell::has("apt-get"), "there is no static `busybox`; on Debian: apt-get install busybox-static");
    let found = super::kernel::unpack(cache, "busybox-static")?.join("bin/busybox");
    ensure!(libraries(&found)?.is_empty(), "`busybox` of busybox-static is not static");
    Ok(found)
}

fn pack(tree: &Path, archive: &Path) -> anyhow::Result<PathBuf> {
    let file = std::fs::File::create(archive).with_context(|| format!("`{}`", archive.display()))?;
    let mut find = Command::new("find").arg(".").current_dir(tree).stdout(Stdio::piped()).spawn().context("`find`")?;
    let names = find.stdout.take().context("`find` says nothing")?;
    let mut cpio = Command::new("cpio");
    cpio.args(["--quiet", "--create", "--format=newc", "--owner=0:0"]).current_dir(tree).stdin(names).stdout(file);
    let packed = cpio.status().context("cannot start `cpio`")?.success() && find.wait().context("`find`")?.success();
    ensure!(packed, "`{}` could not be packed", tree.display());
    Ok(archive.to_owned())
}

fn write_script(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("`{}`", path.display()))?;
    set_mode(path, 0o755)
}

fn set_mode(path: &Path, mode: u32) -> anyhow::Result<()> {
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, permissions).with_context(|| format!("`{}`", path.display()))
}
