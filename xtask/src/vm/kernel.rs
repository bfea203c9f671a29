//! The machine's kernel: a distribution's small one for virtual machines, unpacked and never installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::{setup, shell};

/// The meta package that depends on the current kernel.
const META: &str = "linux-image-cloud-amd64";

/// The module that boxes need and that distributions do not build into the kernel.
const MODULE: &str = "overlay.ko";

/// A kernel image, and the module that its boxes need.
pub(crate) struct Kernel {
    pub(crate) image: PathBuf,
    /// Absent where the kernel is the developer's own, which has to have it built in.
    pub(crate) module: Option<PathBuf>,
}

/// `OPTIMUS_TEST_KERNEL`, or the kernel in the cache, or a download.
pub(crate) fn fetch(cache: &Path) -> anyhow::Result<Kernel> {
    if let Some(given) = std::env::var_os("OPTIMUS_TEST_KERNEL") {
        return Ok(Kernel { image: given.into(), module: None });
    }
    let (kernel, module) = (cache.join("vmlinuz"), cache.join(MODULE));
    if !kernel.is_file() || !module.is_file() {
        ensure!(
            shell::has("apt-get") && shell::has("dpkg-deb"),
            "the machine's kernel comes from a Debian package; elsewhere name one in OPTIMUS_TEST_KERNEL"
        );
        download(cache, &kernel, &module)?;
    }
    Ok(Kernel { image: kernel, module: Some(module) })
}

fn download(cache: &Path, kernel: &Path, module: &Path) -> anyhow::Result<()> {
    let unpacked = unpack(cache, &current()?)?;
    let image = find(&unpacked.join("boot"), "vmlinuz")?;
    std::fs::copy(&image, kernel).with_context(|| format!("`{}`", image.display()))?;
    let modules = find(&unpacked.join("lib/modules"), "")?;
    let packed = find(&modules.join("kernel/fs/overlayfs"), MODULE)?;
    if packed.extension().is_some_and(|extension| extension == "xz") {
        shell::run(Command::new("xz").arg("--decompress").arg(&packed))?;
    }
    let plain = modules.join("kernel/fs/overlayfs").join(MODULE);
    std::fs::copy(&plain, module).with_context(|| format!("`{}`", plain.display()))?;
    // Its other modules are many, and none is needed.
    std::fs::remove_dir_all(&unpacked).with_context(|| format!("`{}`", unpacked.display()))
}

/// A package's files, in a directory of the cache; nothing is installed.
pub(crate) fn unpack(cache: &Path, package: &str) -> anyhow::Result<PathBuf> {
    let room = cache.join("package");
    if room.exists() {
        std::fs::remove_dir_all(&room).with_context(|| format!("`{}`", room.display()))?;
    }
    let unpacked = room.join("unpacked");
    std::fs::create_dir_all(&unpacked).with_context(|| format!("`{}`", unpacked.display()))?;
    shell::run(Command::new("apt-get").args(["download", "-qq", package]).current_dir(&room))?;
    let archive = find(&room, package)?;
    shell::run(Command::new("dpkg-deb").arg("-x").args([&archive, &unpacked]))?;
    Ok(unpacked)
}

/// The package that the meta package stands for. The lists may be old, and then it is no longer to be had.
fn current() -> anyhow::Result<String> {
    if setup::is_root() {
        shell::run(Command::new("apt-get").args(["update", "-qq"]))?;
    }
    let text = shell::read(Command::new("apt-cache").args(["depends", META]))?;
    let name = text.lines().find_map(|line| line.trim().strip_prefix("Depends: "));
    name.map(str::to_owned).with_context(|| format!("`{META}` depends on nothing: are the package lists there?"))
}

fn find(directory: &Path, prefix: &str) -> anyhow::Result<PathBuf> {
    let entries = std::fs::read_dir(directory).with_context(|| format!("`{}`", directory.display()))?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)))
        .with_context(|| format!("no `{prefix}…` in `{}`", directory.display()))
}
