//! The service's image: its own Dockerfile builds everything; where the image with the compiler cannot be had, what this
//! machine has built is packed by the same Dockerfile.

use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, ensure};

use super::debian;
use super::docker::{docker, known};
use crate::plugins;
use crate::shell::{cargo, run, say};

/// The folder in dockerfiles/, and the image's name.
pub(crate) const NAME: &str = "optimus";
/// The image in which the Dockerfile builds.
const BUILDER: &str = "rust:1.95-slim-trixie";
/// Its replacement: an image that holds what was built here.
const BUILT: &str = "optimus-built:here";

/// Builds it.
///
/// # Errors
/// What does not build.
pub(crate) fn build(root: &Path) -> anyhow::Result<()> {
    let start = Instant::now();
    debian::ensure_there()?;
    let builder = match has_builder()? {
        true => BUILDER,
        false => pack(root)?,
    };
    build_with(root, builder, NAME)?;
    let version = run_in(&["--version"])?;
    let latest = format!("{NAME}:latest");
    let bytes = known(&[&latest])?.get(&latest).map_or(0, |image| image.bytes);
    say(&format!("{latest}  {} MB  {:.1} s  {}", bytes / 1_000_000, start.elapsed().as_secs_f64(), version.trim()));
    Ok(())
}

/// Builds it from a program that is built already, and the plugins in `plugins/`.
///
/// # Errors
/// What does not build.
pub(crate) fn build_from(root: &Path, program: &Path, tag: &str) -> anyhow::Result<()> {
    debian::ensure_there()?;
    build_with(root, image_of(root, program)?, tag)
}

fn build_with(root: &Path, builder: &str, tag: &str) -> anyhow::Result<()> {
    let mut build = docker();
    // As for the languages' images: a daemon may not be able to set up a network of its own.
    build.args(["build", "--force-rm", "--network=host", "-t", tag]);
    build.args(["--build-arg", &format!("BUILDER={builder}"), "-f"]);
    run(build.arg(root.join("dockerfiles").join(NAME).join("Dockerfile")).arg(root))
}

fn has_builder() -> anyhow::Result<bool> {
    if known(&[BUILDER])?.contains_key(BUILDER) {
        return Ok(true);
    }
    let pulled = docker().args(["pull", "--quiet", BUILDER]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    Ok(pulled.context("cannot start `docker`")?.success())
}

/// Builds the program and its plugins on this machine, and makes an image of both.
fn pack(root: &Path) -> anyhow::Result<&'static str> {
    say(&format!("no registry gives {BUILDER}: building on this machine"));
    plugins::build(root, &[])?;
    run(cargo(root).args(["build", "--release", "--locked", "-p", NAME]))?;
    image_of(root, &plugins::target_dir(root)?.join("release/optimus"))
}

/// Makes an image of a program and of the plugins in `plugins/`.
fn image_of(root: &Path, program: &Path) -> anyhow::Result<&'static str> {
    let context = root.join("target/images/built");
    let (bin, shared) = (context.join("out/usr/local/bin"), context.join("out/usr/local/share/optimus/plugins"));
    for folder in [&bin, &shared] {
        std::fs::create_dir_all(folder).with_context(|| format!("`{}`", folder.display()))?;
    }
    copy(program, &bin.join("optimus"))?;
    for entry in root.join("plugins").read_dir().context("`plugins`")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            copy(&path, &shared.join(path.file_name().unwrap_or_default()))?;
        }
    }
    let dockerfile = context.join("Dockerfile");
    std::fs::write(&dockerfile, format!("FROM {}\nCOPY out /out\n", debian::NAME)).context("`Dockerfile`")?;
    run(docker().args(["build", "--quiet", "-t", BUILT]).arg(&context))?;
    Ok(BUILT)
}

/// A container of it, as it is deployed, shows that the program starts.
fn run_in(args: &[&str]) -> anyhow::Result<String> {
    let walls = ["--rm", "--read-only", "--tmpfs=/tmp", "--network=none", "--cap-drop=ALL"];
    let output = docker().arg("run").args(walls).arg(NAME).args(args).output().context("cannot start `docker`")?;
    ensure!(output.status.success(), "the program does not start: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::copy(from, to).with_context(|| format!("`{}` to `{}`", from.display(), to.display())).map(drop)
}

#[cfg(test)]
mod tests {
    use crate::shell::root;

    #[test]
    fn what_compose_sets_is_what_the_program_reads() {
        let compose = std::fs::read_to_string(root().join("compose.yaml")).unwrap();
        let room = root().join("host/optimus/src");
        let parts = room.join("cli").read_dir().into_iter().flatten().map(|entry| entry.unwrap().path());
        let sources = parts.chain([room.join("cli.rs")]).filter(|path| path.is_file());
        let cli: String = sources.map(|path| std::fs::read_to_string(path).unwrap()).collect();
        let names = compose.lines().filter_map(|line| line.trim().split_once(": ")).map(|(name, _)| name);
        let names: Vec<_> = names.filter(|name| name.starts_with("OPTIMUS_")).collect();
        assert!(names.len() >= 4, "compose.yaml sets {names:?}");
        for name in names {
            assert!(cli.contains(&format!("env = \"{name}\"")), "`{name}` is no variable of ours");
        }
    }
}
