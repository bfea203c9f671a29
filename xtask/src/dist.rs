//! `cargo xtask dist`: a release in target/tarball: one tarball, its installer, and the checksums of both.

mod tried;

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use sha2::{Digest as _, Sha256};

use crate::sbom;
use crate::shell::{cargo, has, read, run, say};

pub(crate) use tried::tried;

/// Static, so that it runs on every distribution and in an empty container.
const TARGET: &str = "x86_64-unknown-linux-musl";

/// Shells with completions, and their directories below a prefix.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "share/bash-completion/completions/optimus"),
    ("zsh", "share/zsh/site-functions/_optimus"),
    ("fish", "share/fish/vendor_completions.d/optimus.fish"),
];

/// Options of a release.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Pack this program, and build none
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) binary: Option<PathBuf>,
    /// Leave out the list of what the program is made of
    #[arg(long)]
    pub(crate) no_sbom: bool,
    /// Pack the debug binary that is built, into a temporary place, and try its installer
    #[arg(long, conflicts_with_all = ["binary", "no_sbom"])]
    pub(crate) trial: bool,
}

/// Builds the program unless it is given, packs it, and lists the tarball.
pub(crate) fn dist(root: &Path, args: &Args) -> anyhow::Result<()> {
    if args.trial {
        return tried(root);
    }
    let tarball = pack(root, args, &root.join("target/tarball"))?;
    say(&listing(&tarball)?.join("\n"));
    say(&format!("\n{}: {:.1} MiB", tarball.display(), mebibytes(&tarball)?));
    say("beside it: install.sh, SHA256SUMS");
    Ok(())
}

/// The tarball, in a directory that holds nothing but this release.
fn pack(root: &Path, args: &Args, to: &Path) -> anyhow::Result<PathBuf> {
    let program = match &args.binary {
        Some(program) => program.canonicalize().with_context(|| format!("there is no `{}`", program.display()))?,
        None => build(root)?,
    };
    let version = read(Command::new(&program).arg("--version"))?;
    let version = version.trim().rsplit(' ').next().unwrap_or_default().to_owned();
    let target = if is_static(&program)? { TARGET } else { "x86_64-unknown-linux-gnu" };
    ensure!(args.binary.is_some() || target == TARGET, "`{}` is not static", program.display());
    let work = tempfile::tempdir()?;
    let name = format!("optimus-{version}-{target}");
    fill(root, &program, &work.path().join(&name), args.no_sbom)?;
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to)?;
    let tarball = to.join(format!("{name}.tar.gz"));
    archive(root, work.path(), &name, &tarball)?;
    fs::copy(root.join("install.sh"), to.join("install.sh"))?;
    let sums = [checksum(&tarball)?, checksum(&to.join("install.sh"))?].concat();
    fs::write(to.join("SHA256SUMS"), sums)?;
    Ok(tarball)
}

fn build(root: &Path) -> anyhow::Result<PathBuf> {
    ensure!(
        has("musl-gcc"),
        "there is no musl-gcc, which compiles the C parts of dependencies: apt-get install musl-tools"
    );
    run(cargo(root).args(["build", "--locked", "--profile", "dist", "--target", TARGET, "-p", "optimus"]))?;
    Ok(root.join("target").join(TARGET).join("dist/optimus"))
}

/// A static program asks for no loader.
fn is_static(program: &Path) -> anyhow::Result<bool> {
    Ok(!read(Command::new("readelf").args(["--wide", "--program-headers"]).arg(program))?.contains("INTERP"))
}

/// The tree as it lies below a prefix, and what only a reader of the tarball wants.
fn fill(root: &Path, program: &Path, tree: &Path, no_sbom: bool) -> anyhow::Result<()> {
    let place = |path: &str| -> anyhow::Result<PathBuf> {
        let path = tree.join(path);
        fs::create_dir_all(path.parent().unwrap_or(tree))?;
        Ok(path)
    };
    let installed = place("bin/optimus")?;
    run(Command::new("strip").arg("-o").arg(&installed).arg(program))?;
    fs::set_permissions(&installed, fs::Permissions::from_mode(0o755))?;
    for (shell, path) in COMPLETIONS {
        fs::write(place(path)?, read(Command::new(&installed).args(["completions", shell]))?)?;
    }
    read(Command::new(&installed).arg("man").arg(tree.join("share/man/man1")))?;
    for name in ["LICENSE", "README.md", "CHANGELOG.md"] {
        fs::copy(root.join(name), place(name)?)?;
    }
    if !no_sbom {
        sbom::sbom(root)?;
        fs::copy(root.join("target/sbom/optimus.cdx.json"), place("optimus.cdx.json")?)?;
    }
    Ok(())
}

/// The same tree gives the same bytes: sorted names, root as the owner, the commit's time.
fn archive(root: &Path, work: &Path, name: &str, tarball: &Path) -> anyhow::Result<()> {
    let time = read(Command::new("git").current_dir(root).args(["log", "-1", "--format=%ct"]))?;
    let mut tar = Command::new("tar");
    tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=u+w,go-w"]);
    tar.arg(format!("--mtime=@{}", time.trim())).args(["--use-compress-program", "gzip -n", "--create", "--file"]);
    run(tar.arg(tarball).arg("--directory").arg(work).arg(name))
}

/// The files of a tarball, below its one folder.
fn listing(tarball: &Path) -> anyhow::Result<Vec<String>> {
    let names = read(Command::new("tar").arg("--list").arg("--file").arg(tarball))?;
    let files = names.lines().filter(|name| !name.ends_with('/'));
    Ok(files.filter_map(|name| name.split_once('/')).map(|(_, file)| file.to_owned()).collect())
}

/// A line of SHA256SUMS.
fn checksum(file: &Path) -> anyhow::Result<String> {
    let digest = Sha256::digest(fs::read(file)?);
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let mut line = digest.iter().fold(String::new(), |mut line, byte| {
        let _infallible = write!(line, "{byte:02x}");
        line
    });
    let _infallible = writeln!(line, "  {name}");
    Ok(line)
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn mebibytes(file: &Path) -> anyhow::Result<f64> {
    Ok(fs::metadata(file)?.len() as f64 / f64::from(1 << 20))
}
