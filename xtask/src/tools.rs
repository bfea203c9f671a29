//! Tools that are not the system's: each in a directory below `target`, in the versions that its user names.

use std::path::Path;
use std::process::Command;

use crate::shell::{cargo, run, show};

/// From crates.io: programs in `place/bin`. They run for a moment: optimising them would take longer than it ever saves.
pub(crate) fn from_crates(root: &Path, place: &Path, words: &[&str]) -> anyhow::Result<()> {
    let mut install = cargo(root);
    install.args(["install", "--quiet", "--locked", "--debug", "--config", "profile.dev.debug=false", "--root", "."]);
    once(place, install.args(words))
}

/// From PyPI: packages in `place`, and their programs in `place/bin`.
pub(crate) fn from_pypi(place: &Path, packages: &[&str]) -> anyhow::Result<()> {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]);
    once(place, pip.args(["--upgrade", "--target", "."]).args(packages))
}

/// From PyPI: the files of one package's wheel in `place`, also those that installing it would leave out.
pub(crate) fn wheel_from_pypi(place: &Path, package: &str) -> anyhow::Result<()> {
    let unpack = "python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \"$1\" \
                  && python3 -m zipfile -e ./*.whl .";
    once(place, Command::new("sh").args(["-euc", unpack, "wheel", package]))
}

/// Installs into an empty directory, in which the command is run, unless the same command has done so already.
pub(crate) fn once(place: &Path, install: &mut Command) -> anyhow::Result<()> {
    let (stamp, wanted) = (place.join("stamp"), show(install));
    if std::fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    if place.exists() {
        std::fs::remove_dir_all(place)?;
    }
    std::fs::create_dir_all(place)?;
    run(install.current_dir(place))?;
    Ok(std::fs::write(stamp, wanted)?)
}
