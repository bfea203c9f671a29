//! What of this host a box sees: system directories, toolchains, a few entries of `/etc`; everything else is our own
//! making or is not there.

mod hidden;
mod patterns;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tokio::sync::watch;

use super::config::NativeConfig;
use crate::SandboxError;
use patterns::matches;

/// Directories below which each distribution keeps programs and libraries.
const SYSTEM: [&str; 8] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store"];
const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Where toolchains are unpacked by hand, each with a `bin` of its own. What else lies there is nobody's business.
const UNPACKED: [&str; 2] = ["/usr/local", "/opt"];
/// Where an operator puts things of this machine among those of the distribution.
const LOCAL: &str = "/usr/local";

/// What a box sees of the host.
#[derive(Debug, Clone)]
pub(super) struct HostView {
    /// Seen read-only, at their own paths.
    pub(super) views: Vec<String>,
    /// Links of the root directory: `/bin` to `usr/bin`.
    pub(super) links: Vec<(String, String)>,
    /// Files of our making.
    pub(super) files: Vec<(String, String)>,
    /// PATH.
    pub(super) path: String,
    /// What no program may see of the views.
    pub(super) hidden: Vec<String>,
}

impl HostView {
    /// Looks for everything.
    pub(super) fn find(config: &NativeConfig) -> Self {
        let mut view = Self {
            views: Vec::new(),
            // Runtimes look there for the file system of a path.
            links: vec![("/etc/mtab".to_owned(), "/proc/self/mounts".to_owned())],
            files: crate::etc::own_files(),
            path: SYSTEM_PATH.to_owned(),
            hidden: Vec::new(),
        };
        for path in SYSTEM {
            match fs::read_link(path) {
                Ok(target) => view.links.push((path.to_owned(), target.to_string_lossy().into_owned())),
                Err(_) if is_open(Path::new(path)) => view.views.push(path.to_owned()),
                Err(_) => {}
            }
        }
        for unpacked in UNPACKED {
            for toolchain in matches(&format!("{unpacked}/*")) {
                if toolchain.join("bin").is_dir() {
                    view.add_toolchain(&toolchain);
                }
            }
        }
        for toolchain in config.toolchains.iter().filter_map(|pattern| matches(pattern).pop()) {
            view.add_toolchain(&toolchain);
        }
        for entry in config.etc.iter().flat_map(|pattern| matches(&format!("/etc/{pattern}"))) {
            view.add_etc(&entry);
        }
        view.add_mounts(&fs::read_to_string("/proc/self/mountinfo").unwrap_or_default());
        view
    }

    /// Hides the plugins, and refuses to show what is the server's own.
    ///
    /// # Errors
    /// One of `config.own` lies in a view.
    pub(super) fn keep_out(&mut self, config: &NativeConfig) -> Result<(), SandboxError> {
        for (what, path) in &config.own {
            let real = hidden::real(path);
            if let Some(view) = self.views.iter().find(|view| real.starts_with(view)) {
                return Err(SandboxError::Unavailable {
                    message: format!("{what} `{}` lies in `{view}`, which programs see", path.display()),
                    hint: "name a directory outside of it, such as `/var/lib/optimus`".to_owned(),
                });
            }
        }
        let plugins = config.plugins.as_deref().map(hidden::real);
        let plugins = plugins.filter(|dir| dir.is_dir() && self.views.iter().any(|view| dir.starts_with(view)));
        self.hidden.extend(plugins.map(|dir| dir.to_string_lossy().into_owned()));
        Ok(())
    }

    /// Looks, in the background, for what is private in the views; boxes wait for that.
    pub(super) fn search(mut self, is_root: bool) -> watch::Receiver<Option<Self>> {
        let (sender, receiver) = watch::channel(None);
        std::thread::spawn(move || {
            if !is_root {
                self.hide_what_is_private();
            }
            sender.send_replace(Some(self));
        });
        receiver
    }

    fn hide_what_is_private(&mut self) {
        let system = |view: &&String| SYSTEM.contains(&view.as_str());
        let local = self.views.iter().any(|view| view == "/usr").then(|| LOCAL.to_owned());
        let walked: Vec<String> = self.views.iter().filter(|view| !system(view)).cloned().chain(local).collect();
        for view in walked.iter().filter(|view| Path::new(view).is_dir()) {
            match hidden::below(Path::new(view)) {
                Some(hidden) => self.hidden.extend(hidden),
                None => {
                    tracing::warn!(view, "holds too much that is private, and is not shown to programs");
                    self.views.retain(|seen| seen != view);
                    self.hidden.extend((view == LOCAL).then(|| view.clone()));
                }
            }
        }
        self.hidden.sort();
        self.hidden.dedup();
    }

    /// What is mounted below a view: an overlay of the view shows nothing of it.
    fn add_mounts(&mut self, mountinfo: &str) {
        let points = mountinfo.lines().filter_map(|line| line.split(' ').nth(4));
        // Names with escapes are no toolchain's.
        for point in points.filter(|point| !point.contains('\\')) {
            let below =
                self.views.iter().any(|view| point.strip_prefix(view).is_some_and(|rest| rest.starts_with('/')));
            let path = Path::new(point);
            if below && path.is_dir() && is_open(path) && !self.views.iter().any(|view| view == point) {
                self.views.push(point.to_owned());
            }
        }
        // A view below another comes after it.
        self.views.sort();
    }

    fn add_toolchain(&mut self, named: &Path) {
        let Ok(path) = named.canonicalize() else { return };
        if !is_open(&path) || path.parent().is_none() {
            return;
        }
        if !self.views.iter().any(|seen| path.starts_with(seen)) {
            self.views.push(path.to_string_lossy().into_owned());
        }
        let is_link = fs::symlink_metadata(named).is_ok_and(|metadata| metadata.is_symlink());
        if is_link && !self.views.iter().any(|seen| named.starts_with(seen)) {
            self.links.push((named.to_string_lossy().into_owned(), path.to_string_lossy().into_owned()));
        }
        self.add_to_path(&path);
    }

    fn add_to_path(&mut self, toolchain: &Path) {
        let bin = toolchain.join("bin");
        if is_open(&bin) && bin.is_dir() {
            self.path.push(':');
            self.path.push_str(&bin.to_string_lossy());
        }
    }

    fn add_etc(&mut self, path: &Path) {
        let text = path.to_string_lossy().into_owned();
        if self.views.contains(&text) || self.links.iter().any(|(seen, _)| *seen == text) {
            return;
        }
        match fs::read_link(path) {
            Ok(target) => self.links.push((text, target.to_string_lossy().into_owned())),
            Err(_) if is_open(path) => self.views.push(text),
            Err(_) => {}
        }
    }
}

/// Whether everybody may read it: programs are nobody in particular.
fn is_open(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| {
        let wanted = if metadata.is_dir() { 0o005 } else { 0o004 };
        metadata.permissions().mode() & wanted == wanted
    })
}
