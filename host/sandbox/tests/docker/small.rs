//! A daemon of a test's own, whose disk is a few megabytes of memory.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bollard::Docker;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The daemon. Its images and containers are on the small disk, all else beside it.
pub(crate) struct Small {
    directory: TempDir,
    daemon: Child,
}

impl Small {
    /// One whose disk has `mib` MiB; or why there is none here.
    pub(crate) async fn start(mib: u32) -> Result<Self, String> {
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let disk = directory.path().join("disk");
        std::fs::create_dir(&disk).map_err(|error| error.to_string())?;
        let size = std::ffi::CString::new(format!("size={mib}m")).map_err(|error| error.to_string())?;
        mount("tmpfs", &disk, "tmpfs", MountFlags::empty(), size.as_c_str())
            .map_err(|errno| format!("no small disk: {errno}"))?;
        let place = |name: &str| directory.path().join(name);
        // In a network namespace of its own: a daemon that has no bridge removes `docker0`, which is another daemon's.
        let daemon = Command::new("unshare")
            .args(["--net", "dockerd", "--data-root"])
            .arg(&disk)
            .arg("--exec-root")
            .arg(place("exec"))
            .arg("--pidfile")
            .arg(place("pid"))
            .arg("--host")
            .arg(host(directory.path()))
            .args(["--bridge", "none", "--iptables=false", "--log-level", "error"])
            .stdout(Stdio::null())
            .stderr(File::create(place("log")).map_err(|error| error.to_string())?)
            .spawn();
        let daemon = match daemon {
            Ok(daemon) => daemon,
            Err(error) => {
                let _ = unmount(&disk, UnmountFlags::DETACH);
                return Err(format!("no `unshare`: {error}"));
            }
        };
        let small = Self { directory, daemon };
        for _ in 0..300 {
            if small.client().await.is_ok() {
                return Ok(small);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(format!(
            "the daemon does not answer: {}",
            std::fs::read_to_string(small.directory.path().join("log")).unwrap_or_default()
        ))
    }

    pub(crate) fn host(&self) -> String {
        host(self.directory.path())
    }

    pub(crate) async fn client(&self) -> Result<Docker, String> {
        let docker = Docker::connect_with_host(&self.host()).map_err(|error| error.to_string())?;
        docker.ping().await.map_err(|error| error.to_string())?;
        docker.negotiate_version().await.map_err(|error| error.to_string())
    }

    /// Fills the disk, but for some kilobytes; what does so is to be removed by whoever wants room again.
    pub(crate) fn fill(&self) -> PathBuf {
        let filler = self.directory.path().join("disk/filler");
        let mut file = File::create(&filler).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
        let length = file.metadata().unwrap().len();
        file.set_len(length.saturating_sub(128 << 10)).unwrap();
        filler
    }
}

fn host(directory: &Path) -> String {
    format!("unix://{}", directory.join("socket").display())
}

impl Drop for Small {
    fn drop(&mut self) {
        // By a signal that it can hear: it ends its containers, and its containerd.
        let pid = i32::try_from(self.daemon.id()).ok().and_then(Pid::from_raw);
        let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
        let _ = self.daemon.wait();
        let _ = unmount(self.directory.path().join("disk"), UnmountFlags::DETACH);
    }
}
