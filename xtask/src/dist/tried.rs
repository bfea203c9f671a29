//! Checks that a release holds what it should, and that it installs in an empty home, with a minimal shell.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, ensure};

use super::{Args, COMPLETIONS, listing, pack};
use crate::process::{self, Process};
use crate::shell::{has, is_strict, say};

/// Packs the debug binary that is built already, and installs it into an empty home: from a file, by its address, and not at all
/// where a byte is wrong.
pub(crate) fn tried(root: &Path) -> anyhow::Result<()> {
    if !has("dash") {
        ensure!(!is_strict(), "there is no dash here, and nothing may be skipped");
        crate::parts::skip("install.sh: there is no dash");
        return Ok(());
    }
    let place = tempfile::tempdir()?;
    let release = place.path().join("release");
    let args = Args { binary: Some(root.join("target/debug/optimus")), no_sbom: true, trial: false };
    let tarball = pack(root, &args, &release)?;
    holds_what_it_should(&tarball)?;
    installs(&release, &tarball, place.path())?;
    refuses(&release, &place.path().join("refused"))?;
    say("install.sh: from beside it, by name, by address, and not with a wrong checksum");
    Ok(())
}

fn installs(release: &Path, tarball: &Path, place: &Path) -> anyhow::Result<()> {
    let (server, base) = served(release)?;
    let (path, name) = (tarball.to_string_lossy(), tarball.file_name().unwrap_or_default().to_string_lossy());
    let address = format!("{base}/{name}");
    for (home, words) in [("beside", None), ("named", Some(&*path)), ("address", Some(address.as_str()))] {
        let home = place.join(home);
        installed(&install(release, &home, words)?, &home)?;
    }
    drop(server);
    let home = place.join("beside");
    let gone = install(release, &home, Some("--uninstall"))?;
    ensure!(gone.status.success() && files(&home)?.is_empty(), "--uninstall leaves files: {gone:?}");
    Ok(())
}

fn refuses(release: &Path, home: &Path) -> anyhow::Result<()> {
    let sums = fs::read_to_string(release.join("SHA256SUMS"))?;
    let other: String = sums.lines().map(|line| format!("{}{}\n", "0".repeat(64), &line[64..])).collect();
    for (wrong, word) in [(other, "is not what SHA256SUMS says"), (String::new(), "does not list")] {
        fs::write(release.join("SHA256SUMS"), wrong)?;
        let refused = install(release, home, None)?;
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        ensure!(!refused.status.success() && said.contains(word) && said.contains("hint: "), "{refused:?}");
        ensure!(files(home)?.is_empty(), "something was installed all the same");
    }
    Ok(())
}

fn served(release: &Path) -> anyhow::Result<(Process, String)> {
    let port = process::port()?;
    let mut server = Command::new("python3");
    server.args(["-m", "http.server", &port.to_string(), "--bind", "127.0.0.1", "--directory"]).arg(release);
    let server = Process::spawn(server.stdout(Stdio::null()).stderr(Stdio::null()))?;
    process::until("python's HTTP server answers", || std::net::TcpStream::connect(("127.0.0.1", port)).ok())?;
    Ok((server, format!("http://127.0.0.1:{port}")))
}

fn holds_what_it_should(tarball: &Path) -> anyhow::Result<()> {
    let listing = listing(tarball)?;
    let fixed = ["LICENSE", "README.md", "bin/optimus", "share/man/man1/optimus.1", "share/man/man1/optimus-run.1"];
    for wanted in
        fixed.into_iter().chain(["share/man/man1/optimus-plugin-new.1"]).chain(COMPLETIONS.map(|(_, path)| path))
    {
        ensure!(listing.iter().any(|file| file == wanted), "the tarball has no {wanted}, but {}", listing.join(", "));
    }
    let stray = listing
        .iter()
        .find(|file| !fixed.contains(&file.as_str()) && file.as_str() != "CHANGELOG.md" && !file.starts_with("share/"));
    ensure!(stray.is_none(), "the tarball has a stray {stray:?}");
    say(&format!("the tarball: {} files", listing.len()));
    Ok(())
}

fn install(release: &Path, home: &Path, word: Option<&str>) -> anyhow::Result<Output> {
    fs::create_dir_all(home)?;
    let mut command = Command::new("dash");
    command.arg(release.join("install.sh")).args(word).env("HOME", home);
    command.output().context("cannot start dash")
}

fn installed(output: &Output, home: &Path) -> anyhow::Result<()> {
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success() && said.contains("installed optimus ") && said.contains("is not in PATH"),
        "{output:?}"
    );
    ensure!(home.join(".local/share/man/man1/optimus.1").is_file(), "no manual page in {}", home.display());
    let languages =
        Command::new(home.join(".local/bin/optimus")).args(["plugin", "known", "--json"]).env("HOME", home).output()?;
    ensure!(languages.status.success(), "the program does not work from there: {languages:?}");
    Ok(())
}

/// All files below a home, except what the program itself keeps.
fn files(home: &Path) -> anyhow::Result<Vec<String>> {
    let found = crate::shell::read(Command::new("find").arg(home).args(["-type", "f", "-not", "-path", "*/state/*"]))?;
    Ok(found.lines().map(str::to_owned).collect())
}
