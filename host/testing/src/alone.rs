//! A root directory that holds one program and the home of its user: no other program, no /proc, no /dev and no /tmp.

use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::postgres::is_root;

/// `nobody`, by number: there is no /etc/passwd.
const USER: u32 = 65534;
const CHROOT: &str = "/usr/sbin/chroot";

/// A root directory of its own.
#[derive(Debug)]
pub struct Alone {
    place: PathBuf,
}

impl Alone {
    /// Puts `program` into an empty directory, with the libraries that it is linked with: a release is static, and has
    /// none.
    ///
    /// # Errors
    /// What is missing for it here.
    pub fn new(place: &Path, program: &Path) -> Result<Self, String> {
        if !is_root() {
            return Err("only root can give a program a root directory of its own".to_owned());
        }
        let furnished = furnish(place, program);
        furnished.map_err(|error| format!("`{}` cannot be put into a directory: {error}", program.display()))?;
        Ok(Self { place: place.to_owned() })
    }

    /// The home of the user, as it is called outside.
    pub fn home(&self) -> PathBuf {
        self.place.join("home")
    }

    /// The program with these arguments, as an ordinary user whose only variables are `HOME` and a useless `PATH`.
    ///
    /// # Errors
    /// What is in the home cannot be given to the user.
    pub fn command(&self, args: &[&str]) -> io::Result<Command> {
        give(&self.home())?;
        let mut command = Command::new(CHROOT);
        command.arg(format!("--userspec={USER}:{USER}")).arg(&self.place).arg("/program").args(args);
        command.env_clear().env("PATH", "/nonexistent").env("HOME", "/home");
        Ok(command)
    }
}

fn furnish(place: &Path, program: &Path) -> io::Result<()> {
    std::fs::create_dir_all(place.join("home"))?;
    // A temporary directory is closed to other users.
    std::fs::set_permissions(place, PermissionsExt::from_mode(0o755))?;
    std::fs::copy(program, place.join("program"))?;
    // It fails for what is static.
    let listed = Command::new("ldd").arg(program).output()?;
    for library in String::from_utf8_lossy(&listed.stdout).split_whitespace().filter(|word| word.starts_with('/')) {
        let copy = place.join(library.trim_start_matches('/'));
        std::fs::create_dir_all(copy.parent().unwrap_or(place))?;
        std::fs::copy(library, copy)?;
    }
    Ok(())
}

fn give(path: &Path) -> io::Result<()> {
    chown(path, Some(USER), Some(USER))?;
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            give(&entry?.path())?;
        }
    }
    Ok(())
}
