//! The binary, the plugins, and what to do where either cannot work.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) use optimus_testing::skip;

/// The languages of the programs that these tests run. All of a checkout's would have each server load seventy plugins and try
/// their toolchains, which takes 3 s of a processor.
const LANGUAGES: [&str; 5] = ["bash", "c", "command", "cpp", "python"];

/// A directory with the plugins of [`LANGUAGES`].
pub(crate) fn plugins() -> &'static Path {
    static PLUGINS: LazyLock<PathBuf> = LazyLock::new(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins");
        std::fs::create_dir_all(&dir).unwrap();
        for file in LANGUAGES.map(|language| format!("{language}.wasm")) {
            // Replaced in one step: a server of an earlier run may still read it.
            let new = dir.join(format!("{file}.{}.new", std::process::id()));
            if std::fs::copy(root().join("plugins").join(&file), &new).is_ok() {
                std::fs::rename(new, dir.join(file)).unwrap();
            }
        }
        dir
    });
    &PLUGINS
}

/// Whether programs can be judged here.
pub(crate) fn can_judge() -> bool {
    static HINDRANCE: LazyLock<Option<String>> = LazyLock::new(|| {
        if !plugins().join("python.wasm").is_file() {
            return Some("no plugins: `cargo xtask plugins` builds them".to_owned());
        }
        let languages = optimus(&["languages", "--json"]);
        (!languages.status.success()).then(|| String::from_utf8_lossy(&languages.stdout).into_owned())
    });
    HINDRANCE.as_deref().inspect(skip).is_none()
}

/// The binary with the plugins of these tests, and no state of the user's.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_optimus"));
    command.args(args).env("OPTIMUS_PLUGINS", plugins()).stdin(Stdio::null());
    command.env("OPTIMUS_STATE", std::env::temp_dir().join("optimus-cli-tests"));
    command
}

pub(crate) fn optimus(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

/// In a place of its own: its plugins, its state, its compiled code.
pub(crate) fn command_in(place: &Path, args: &[&str]) -> Command {
    let dirs = [("PLUGINS", "plugins"), ("STATE", "state"), ("CODE_CACHE", "state/code")];
    let mut command = command(args);
    command.current_dir(place).envs(dirs.map(|(name, dir)| (format!("OPTIMUS_{name}"), place.join(dir))));
    command
}

pub(crate) fn optimus_in(place: &Path, args: &[&str]) -> Output {
    command_in(place, args).output().unwrap()
}

/// The same, of `optimus plugin`.
pub(crate) fn plugin_in(place: &Path, args: &[&str]) -> Output {
    optimus_in(place, &[&["plugin"], args].concat())
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// stdout, which must be exactly one JSON value.
pub(crate) fn json(output: &Output) -> Value {
    let text = stdout(output);
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// The plugin of a language that needs nothing but a shell, built in `place`.
pub(crate) fn shell(place: &Path, version: &str) -> Vec<u8> {
    let toml = format!(
        "id = \"shell\"\nname = \"Shell\"\nversion = \"{version}\"\nextensions = [\"sh\"]\nimage = \"x:1\"\nprobe = \"sh -c \
         true\"\nrun = \"sh {{main}}\"\nenv = {{ RELEASE = \"{version}\" }}\n"
    );
    std::fs::write(place.join("language.toml"), toml).unwrap();
    let built = place.join(format!("{version}.wasm"));
    let output = optimus(&["plugin", "build", place.to_str().unwrap(), "-o", built.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    std::fs::read(built).unwrap()
}

/// Looks again until there is something, for a minute and a half; `what` names it where it never comes.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(90);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(30));
    }
}
