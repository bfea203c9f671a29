//! `cargo xtask demo`: the whole path on real input, from a fresh checkout to a table of verdicts.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;
use tempfile::TempDir;

use crate::process::Process;
use crate::samples::Sample;
use crate::shell::{build_program, is_strict, say};
use crate::{plugins, runtimes, samples, setup};

/// The backend that needs runtimes, and nothing else.
const INSIDE_WASM: &str = "wasm";

/// Options of the demo.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// The backend that programs run in
    #[arg(long, default_value = "native")]
    pub(crate) sandbox: String,
    /// Only these languages
    #[arg(long = "language", value_name = "ID")]
    pub(crate) languages: Vec<String>,
}

impl Default for Args {
    fn default() -> Self {
        Self { sandbox: "native".to_owned(), languages: Vec::new() }
    }
}

/// Builds, serves, submits every sample, prints the table, stops. Fails when a verdict is not the expected one.
pub(crate) fn demo(root: &Path, args: &Args) -> anyhow::Result<()> {
    let begun = Instant::now();
    let steps: [(&str, &dyn Fn() -> anyhow::Result<()>); 4] = [
        ("the toolchain's targets", &setup::targets),
        ("target/debug/optimus: the host, with all its dependencies on a fresh clone", &|| {
            build_program(root, "optimus")
        }),
        ("the plugins of languages/*/Cargo.toml, in Rust", &|| plugins::crates(root, &[])),
        ("the plugins of languages/*/language.toml", &|| plugins::declared(root, &[])),
    ];
    for (number, (what, build)) in steps.iter().enumerate() {
        say(&format!("[{}/{}] {what}", number + 1, steps.len()));
        let step = Instant::now();
        build()?;
        say(&format!("[{}/{}] took {} s", number + 1, steps.len(), step.elapsed().as_secs()));
    }
    say(&format!("built in {} s", begun.elapsed().as_secs()));
    judge_samples(root, args)
}

/// The same, with the binary and the plugins that are built already. Inside Wasm, only languages with a runtime run.
pub(crate) fn judge_samples(root: &Path, args: &Args) -> anyhow::Result<()> {
    let inside = if args.sandbox == INSIDE_WASM { runtimes::languages() } else { Vec::new() };
    let args = if args.languages.is_empty() { &Args { languages: inside.clone(), ..args.clone() } } else { args };
    let server = Server::start(root, &args.sandbox)?;
    let versions = server.versions()?;
    let unavailable = unavailable(&versions, &inside);
    let mut rows = Rows::default();
    for sample in samples::load(root)? {
        let language = sample.request["language"].as_str().unwrap_or_default();
        let wanted = args.languages.is_empty() || args.languages.iter().any(|wanted| wanted == language);
        if wanted && versions.get(language).is_some_and(Result::is_ok) {
            rows.add(&sample, &server.judge(&sample)?);
        }
    }
    rows.finish(&unavailable)?;
    // The toolchains of those are what `cargo xtask setup --tests` installs; the others' are as the machine has them.
    let needed = |id: &String| match args.sandbox == INSIDE_WASM {
        true => inside.contains(id),
        false => root.join("languages").join(id).join("Cargo.toml").is_file() && !plugins::LARGE.contains(&id.as_str()),
    };
    let missed: Vec<_> = versions.iter().filter(|(id, version)| version.is_err() && needed(id)).collect();
    anyhow::ensure!(!is_strict() || missed.is_empty(), "languages are unavailable, and nothing may be skipped");
    if args.sandbox == INSIDE_WASM { runtimes::judges_alone(root) } else { Ok(()) }
}

/// Why languages cannot run; inside Wasm only of those that have a runtime, since all others cannot.
fn unavailable(versions: &Versions, inside: &[String]) -> Vec<String> {
    let concerns = |(id, _): &(&String, &Result<String, String>)| inside.is_empty() || inside.contains(id);
    let reason = |(id, version): (&String, &Result<String, String>)| {
        version.as_ref().err().map(|reason| format!("{id}: unavailable: {reason}"))
    };
    versions.iter().filter(concerns).filter_map(reason).collect()
}

pub(crate) type Versions = BTreeMap<String, Result<String, String>>;

pub(crate) struct Server {
    process: Process,
    base: String,
    agent: ureq::Agent,
    _state: TempDir,
}

impl Server {
    fn start(root: &Path, sandbox: &str) -> anyhow::Result<Self> {
        let state = tempfile::tempdir()?;
        if sandbox == INSIDE_WASM {
            runtimes::install(root, &root.join("target/debug/optimus"), state.path())?;
        }
        Self::start_at(root, sandbox, &root.join("plugins"), state)
    }

    pub(crate) fn start_with(root: &Path, sandbox: &str, plugins: &Path) -> anyhow::Result<Self> {
        Self::start_at(root, sandbox, plugins, tempfile::tempdir()?)
    }

    /// The same, with what its state directory holds already.
    pub(crate) fn start_at(root: &Path, sandbox: &str, plugins: &Path, state: TempDir) -> anyhow::Result<Self> {
        Self::start_program(&root.join("target/debug/optimus"), sandbox, plugins, state)
    }

    /// A server that runs commands, too.
    pub(crate) fn start_for_commands(root: &Path, plugins: &Path) -> anyhow::Result<Self> {
        let program = root.join("target/debug/optimus");
        Self::launch(&program, &["--sandbox", "native", "--commands"], plugins, tempfile::tempdir()?)
    }

    /// Starts `program serve` and waits until it listens.
    pub(crate) fn start_program(program: &Path, sandbox: &str, plugins: &Path, state: TempDir) -> anyhow::Result<Self> {
        Self::launch(program, &["--sandbox", sandbox], plugins, state)
    }

    /// The same with these options.
    pub(crate) fn launch(program: &Path, options: &[&str], plugins: &Path, state: TempDir) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", "warn"]).args(options);
        command.arg("--plugins").arg(plugins).arg("--state").arg(state.path());
        let (process, base) = Process::listening(&mut command)?;
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(180)))
            .build();
        say(&format!("\nserving on {base}\n"));
        Ok(Self { process, base, agent: config.into(), _state: state })
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    fn get(&self, path: &str) -> anyhow::Result<Value> {
        let mut answer = self.agent.get(format!("{}{path}", self.base)).call()?;
        Ok(answer.body_mut().with_config().limit(1 << 30).read_json()?)
    }

    /// Each language with its toolchain's version, once every toolchain has been asked.
    pub(crate) fn versions(&self) -> anyhow::Result<Versions> {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            let (plugins, list) = (self.get("/v1/plugins")?, self.get("/v1/languages")?);
            let plugins = plugins["plugins"].as_array().context("no list of plugins")?;
            let languages = list["languages"].as_array().context("no list of languages")?;
            let is_loaded = plugins.iter().all(|plugin| plugin["state"] != "loading");
            if is_loaded && languages.iter().all(|language| language["availability"]["state"] != "unknown") {
                return Ok(languages.iter().map(version).collect());
            }
            anyhow::ensure!(Instant::now() < deadline, "the toolchains did not answer within 120 s");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The report, and how long the answer took.
    fn judge(&self, sample: &Sample) -> anyhow::Result<(Value, Duration)> {
        let start = Instant::now();
        Ok((self.post(&sample.request)?, start.elapsed()))
    }

    /// The same, however long that takes.
    pub(crate) fn post_and_wait(&self, request: &Value) -> anyhow::Result<Value> {
        let mut answer = self.post(request)?;
        while let (Some(id), None) = (answer["id"].as_str(), answer.get("report")) {
            answer = self.get(&format!("/v1/jobs/{id}?wait=120s"))?;
        }
        Ok(answer)
    }

    /// Posts a job, and returns the server's answer.
    pub(crate) fn post(&self, request: &Value) -> anyhow::Result<Value> {
        let mut answer = self.agent.post(format!("{}/v1/jobs?wait=120s", self.base)).send_json(request)?;
        Ok(answer.body_mut().with_config().limit(1 << 30).read_json()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It takes its boxes down, and ends by itself.
        if self.process.terminate().is_ok() {
            let _ = self.process.0.wait();
        }
    }
}

fn version(language: &Value) -> (String, Result<String, String>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let availability = &language["availability"];
    let version = match availability["state"].as_str() {
        Some("available") => Ok(text(&availability["version"])),
        _ => Err(format!("{} ({})", text(&availability["reason"]), text(&availability["hint"]))),
    };
    (text(&language["id"]), version)
}

#[derive(Default)]
struct Rows {
    total: usize,
    wrong: usize,
}

impl Rows {
    fn add(&mut self, sample: &Sample, (body, took): &(Value, Duration)) {
        let verdict = body["report"]["verdict"].as_str().unwrap_or("no verdict");
        let right = verdict == sample.expected;
        self.total += 1;
        self.wrong += usize::from(!right);
        let mark = if right { "ok " } else { "NOT" };
        let (language, name) = (sample.request["language"].as_str().unwrap_or_default(), &sample.name);
        say(&format!("{mark} {language:<12} {name:<18} {verdict:<24} {:>6} ms", took.as_millis()));
        if !right {
            say(&format!("    expected {}; the server said {body:.600}", sample.expected));
        }
    }

    fn finish(self, unavailable: &[String]) -> anyhow::Result<()> {
        say(&format!("\n{} samples, {} with the expected verdict", self.total, self.total - self.wrong));
        unavailable.iter().for_each(|line| say(line));
        anyhow::ensure!(self.wrong == 0, "{} samples have another verdict than expected", self.wrong);
        anyhow::ensure!(self.total > 0, "no language is available here: nothing was judged");
        Ok(())
    }
}
