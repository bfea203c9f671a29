//! What of the host the attacks go for.

use std::fs::{self, File, Permissions};
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::process::{Child, Command, Stdio};

use crate::programs::Program;

/// Things of the host that no attack may see, reach or hurt.
pub(crate) struct Canaries {
    file: tempfile::NamedTempFile,
    tcp: TcpListener,
    abstract_name: String,
    _abstract_socket: UnixListener,
    process: Option<Child>,
    private: Private,
}

impl Canaries {
    /// All but the process: a backend that is given a group of its own has to be alone in it when it starts.
    pub(crate) fn set_out() -> std::io::Result<Self> {
        let file = tempfile::Builder::new().prefix("optimus-canary").tempfile()?;
        let abstract_name = format!("optimus-canary-{}", std::process::id());
        Ok(Self {
            file,
            tcp: TcpListener::bind("127.0.0.1:0")?,
            _abstract_socket: UnixListener::bind_addr(&SocketAddr::from_abstract_name(&abstract_name)?)?,
            abstract_name,
            private: Private::set_out()?,
            process: None,
        })
    }

    /// One of `programs` sleeps from now on, and is a process that no attack may see.
    pub(crate) fn start(&mut self, programs: &[Program]) -> std::io::Result<()> {
        let sleeper = programs.iter().find(|program| program.name == "sleep_forever");
        let sleeper = &sleeper.ok_or_else(|| std::io::Error::other("no `sleep_forever`"))?.path;
        self.process = Some(Command::new(sleeper).stdin(Stdio::null()).stdout(Stdio::null()).spawn()?);
        Ok(())
    }

    /// An attack's argument with what it stands for.
    pub(crate) fn fill_in(&self, arg: &str) -> String {
        match arg {
            "{canary}" => self.file.path().display().to_string(),
            "{port}" => self.tcp.local_addr().map_or(0, |address| address.port()).to_string(),
            "{abstract}" => self.abstract_name.clone(),
            "{private}" => self.private.place.path().display().to_string(),
            other => other.to_owned(),
        }
    }

    /// A toolchain among whose files are private ones.
    pub(crate) fn toolchain(&self) -> String {
        self.private.place.path().display().to_string()
    }

    /// Adds a program to the toolchain; where it is.
    pub(crate) fn add_program(&self, name: &str, executable: &[u8]) -> std::io::Result<String> {
        let path = self.private.place.path().join("bin").join(name);
        fs::write(&path, executable)?;
        fs::set_permissions(&path, Permissions::from_mode(0o755))?;
        Ok(path.display().to_string())
    }

    /// What became of them, if it is not well.
    pub(crate) fn harm(&self) -> Option<String> {
        let Some(process) = &self.process else { return Some("the canary process was not started".to_owned()) };
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.id())).unwrap_or_default();
        let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
        if state.is_none_or(|state| !"SRD".contains(state)) {
            return Some(format!("the canary process is in state {state:?}"));
        }
        (!self.file.path().exists()).then(|| "the canary file is gone".to_owned())
    }
}

/// A toolchain of this host with private files, a listening socket and a pipe that has a reader.
struct Private {
    place: tempfile::TempDir,
    _socket: UnixListener,
    _pipe: File,
}

impl Private {
    /// Not in `/tmp`, where a step has a directory of its own.
    fn set_out() -> std::io::Result<Self> {
        let place = tempfile::Builder::new().prefix("optimus-canary").tempdir_in("/var/tmp")?;
        let at = |name: &str| place.path().join(name);
        for directory in ["bin", "closed/deeper", "state"] {
            fs::create_dir_all(at(directory))?;
        }
        let files = [
            ("bin/open", 0o644),
            ("private", 0o600),
            ("of_group", 0o640),
            ("closed/file", 0o644),
            ("closed/deeper/file", 0o644),
            ("state/queue.redb", 0o600),
            ("state/keys.json", 0o600),
        ];
        for (name, mode) in files {
            fs::write(at(name), "private\n")?;
            fs::set_permissions(at(name), Permissions::from_mode(mode))?;
        }
        std::os::unix::fs::symlink("private", at("linked"))?;
        for (directory, mode) in [("", 0o755), ("closed", 0o700), ("state", 0o700)] {
            fs::set_permissions(at(directory), Permissions::from_mode(mode))?;
        }
        let socket = UnixListener::bind(at("socket"))?;
        fs::set_permissions(at("socket"), Permissions::from_mode(0o777))?;
        let made = Command::new("mkfifo").args(["-m", "666"]).arg(at("pipe")).status()?;
        if !made.success() {
            return Err(std::io::Error::other("mkfifo failed"));
        }
        // For both, so that opening it does not wait, and a writer finds a reader.
        let pipe = File::options().read(true).write(true).open(at("pipe"))?;
        Ok(Self { place, _socket: socket, _pipe: pipe })
    }
}

impl Drop for Canaries {
    fn drop(&mut self) {
        // It may be dead already, which has then been reported.
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// The most memory that this process ever held, in MiB.
pub(crate) fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
    peak.unwrap_or(u64::MAX) / 1024
}
