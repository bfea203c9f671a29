//! Whether a processor that a container's program is put onto is one of this machine's.

use bollard::models::SystemInfo;

use super::config::DockerConfig;
use crate::SandboxError;

/// Runtimes whose programs are processes of the machine's own kernel.
const OF_THIS_KERNEL: [&str; 3] = ["runc", "crun", "youki"];

/// Refuses a daemon whose processors are not ours, and runtimes that have processors of their own making: both take a
/// number for one of theirs, and say nothing.
pub(super) fn refuse_elsewhere(info: &SystemInfo, config: &DockerConfig) -> Result<(), SandboxError> {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    if info.kernel_version.as_ref().is_some_and(|theirs| *theirs != release) {
        return Err(SandboxError::Unavailable {
            message: "processors cannot be pinned: the Docker daemon is of another machine".to_owned(),
            hint: "run the worker on the daemon's machine, or leave `--pin-cpus` out".to_owned(),
        });
    }
    let usual = config.runtime.as_ref().or(info.default_runtime.as_ref());
    match usual.into_iter().chain(config.runtimes.values()).find(|name| !is_of_this_kernel(info, name)) {
        None => Ok(()),
        Some(name) => Err(SandboxError::Unavailable {
            message: format!("processors cannot be pinned under the runtime `{name}`, which makes its own"),
            hint: "leave `--docker-runtime` or `--pin-cpus` out".to_owned(),
        }),
    }
}

/// By the name of its program; the daemon need not say that of its own `runc`.
fn is_of_this_kernel(info: &SystemInfo, name: &str) -> bool {
    let known = info.runtimes.as_ref().and_then(|runtimes| runtimes.get(name)?.path.as_deref());
    let program = known.unwrap_or(name).rsplit('/').next().unwrap_or_default();
    OF_THIS_KERNEL.contains(&program) || program.starts_with("io.containerd.runc.")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bollard::models::Runtime;

    use super::*;

    fn daemon(kernel: Option<&str>) -> SystemInfo {
        let runtime = |path: &str| Runtime { path: Some(path.to_owned()), ..Runtime::default() };
        let runtimes = [("runc", "runc"), ("fast", "/usr/bin/crun"), ("runsc", "/usr/local/bin/runsc")];
        SystemInfo {
            kernel_version: kernel.map(str::to_owned),
            default_runtime: Some("runc".to_owned()),
            runtimes: Some(HashMap::from(runtimes.map(|(name, path)| (name.to_owned(), runtime(path))))),
            ..SystemInfo::default()
        }
    }

    fn under(runtime: Option<&str>) -> Result<(), SandboxError> {
        let config = DockerConfig { runtime: runtime.map(str::to_owned), ..DockerConfig::default() };
        refuse_elsewhere(&daemon(None), &config)
    }

    #[test]
    fn a_runtime_with_processors_of_its_own_is_refused() {
        assert!(under(None).is_ok() && under(Some("fast")).is_ok());
        assert!(under(Some("runsc")).unwrap_err().to_string().contains("`runsc`"));
        assert!(under(Some("kata")).is_err());
        let runtimes = [("c:*".to_owned(), "runsc".to_owned())].into();
        let for_some = DockerConfig { runtimes, ..DockerConfig::default() };
        assert!(refuse_elsewhere(&daemon(None), &for_some).is_err());
    }

    #[test]
    fn a_daemon_elsewhere_is_refused() {
        let elsewhere = daemon(Some("0.0.1-another"));
        assert!(refuse_elsewhere(&elsewhere, &DockerConfig::default()).unwrap_err().to_string().contains("machine"));
    }
}
