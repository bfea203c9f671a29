//! `cargo xtask clients`: generators of three languages make a client of openapi.json, each makes a real request of a server,
//! a browser shows the reference page, and schemathesis looks for answers that the document does not name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::demo::Server;
use crate::shell::{cargo, has, is_strict, read, run, say, show};
use crate::tools;

const OPENAPI: &str = "host/server/src/api/openapi.json";

/// From PyPI: two generators, one of them a Java program, and the tester.
const PYTHON: [&str; 3] = ["openapi-python-client==0.29.1", "openapi-generator-cli==7.26.0", "schemathesis==4.32.5"];
/// From npm.
const NPM: [&str; 4] = ["openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3", "@types/node@20"];

/// Programs that the generators need, and their Debian packages.
const NEEDED: [(&str, &str); 4] =
    [("npm", "npm"), ("java", "default-jre-headless"), ("pip3", "python3-pip"), ("chromium", "chromium")];

/// With the binary and the plugins that are built already.
pub(crate) fn clients(root: &Path) -> anyhow::Result<()> {
    let missing: Vec<_> = NEEDED.into_iter().filter(|(program, _)| !has(program)).map(|(_, package)| package).collect();
    if !missing.is_empty() {
        ensure!(!is_strict(), "these packages are not here, and nothing may be skipped: {}", missing.join(" "));
        say(&format!("skipped: apt-get install {}", missing.join(" ")));
        return Ok(());
    }
    let place = Place::ready(root)?;
    let server = Server::start_with(root, "native", &root.join("plugins"))?;
    server.versions()?;
    let base = server.base();
    timed("python", || place.python(base))?;
    timed("typescript", || place.typescript(base))?;
    timed("rust", || place.rust(root, base))?;
    timed("page", || place.page(base))?;
    timed("schemathesis", || place.schemathesis(base))
}

fn timed(what: &str, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let began = Instant::now();
    work().with_context(|| format!("clients: {what}"))?;
    say(&format!("{what}: {:.1} s", began.elapsed().as_secs_f64()));
    Ok(())
}

/// Tools and what they make, below `target/clients`.
struct Place {
    dir: PathBuf,
    document: PathBuf,
}

impl Place {
    fn ready(root: &Path) -> anyhow::Result<Self> {
        let dir = root.join("target/clients");
        tools::from_pypi(&dir.join("python"), &PYTHON)?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix", "."]).args(NPM);
        tools::once(&dir.join("npm"), &mut npm)?;
        Ok(Self { dir, document: root.join(OPENAPI) })
    }

    /// An empty folder for what is made.
    fn made(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.dir.join("made").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    fn script(&self, words: &[&str]) -> Command {
        let mut command = Command::new("python3");
        command.args(words).env("PYTHONPATH", self.dir.join("python"));
        command
    }

    fn python(&self, base: &str) -> anyhow::Result<()> {
        let made = self.made("python")?;
        // The tools that it runs afterwards only format.
        fs::write(made.join("config.yml"), "project_name_override: optimus-client\npost_hooks: []\n")?;
        let mut generate = self.script(&["-m", "openapi_python_client", "generate", "--overwrite", "--config"]);
        generate.arg(made.join("config.yml")).arg("--path").arg(&self.document);
        let said = read(generate.arg("--output-path").arg(made.join("client")))?;
        let dropped: Vec<&str> = said.lines().filter(|line| line.contains("will not be generated")).collect();
        ensure!(dropped.is_empty(), "{}", dropped.join("\n"));
        fs::write(made.join("client/submit.py"), include_str!("clients/submit.py"))?;
        let path = std::env::join_paths([self.dir.join("python"), made.join("client")])?;
        run(self.script(&["submit.py", base]).env("PYTHONPATH", path).current_dir(made.join("client")))
    }

    fn typescript(&self, base: &str) -> anyhow::Result<()> {
        let made = self.made("typescript")?;
        let tool = |name: &str| Command::new(self.dir.join("npm/node_modules/.bin").join(name));
        std::os::unix::fs::symlink(self.dir.join("npm/node_modules"), made.join("node_modules"))?;
        read(tool("openapi-typescript").arg(&self.document).arg("--output").arg(made.join("api.d.ts")))?;
        fs::write(made.join("package.json"), "{\"type\": \"module\"}\n")?;
        fs::write(made.join("submit.ts"), include_str!("clients/submit.ts"))?;
        let mut compile = tool("tsc");
        compile.args(["--strict", "--target", "es2022", "--module", "nodenext", "--skipLibCheck", "submit.ts"]);
        read(compile.current_dir(&made))?;
        run(Command::new("node").args(["submit.js", base]).current_dir(&made))
    }

    fn rust(&self, root: &Path, base: &str) -> anyhow::Result<()> {
        let made = self.made("rust")?;
        let jar = self.dir.join("python/openapi_generator_cli/openapi-generator.jar");
        let mut generate = Command::new("java");
        generate
            .arg("-jar")
            .arg(jar)
            .args(["generate", "-g", "rust", "--library", "reqwest", "-i"])
            .arg(&self.document);
        generate.args(["--additional-properties", "packageName=optimus-client,supportAsync=false", "-o"]).arg(&made);
        // A body of bytes is bytes, not a file's name.
        read(generate.args(["--type-mappings", "file=Vec<u8>,binary=Vec<u8>"]))?;
        let manifest = made.join("Cargo.toml");
        // The server speaks plain HTTP here, and the client is no part of the workspace around it.
        let text = fs::read_to_string(&manifest)?.replace("default = [\"native-tls\"]", "default = []");
        fs::write(&manifest, format!("{text}\n[workspace]\n"))?;
        fs::create_dir_all(made.join("examples"))?;
        fs::write(made.join("examples/submit.rs"), include_str!("clients/submit.rs.txt"))?;
        let mut example = cargo(root);
        example.current_dir(&made).env("CARGO_TARGET_DIR", self.dir.join("cargo"));
        run(example.args(["run", "--quiet", "--config", "profile.dev.debug=false", "--example", "submit", "--", base]))
    }

    /// The page says what it shows in its title, once it shows it.
    fn page(&self, base: &str) -> anyhow::Result<()> {
        let mut browser = Command::new("chromium");
        browser.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]);
        browser.args([
            "--disable-extensions",
            "--no-first-run",
            "--enable-logging=stderr",
            "--virtual-time-budget=30000",
        ]);
        browser.arg(format!("--user-data-dir={}", self.made("chromium")?.display()));
        let output = browser.args(["--dump-dom", &format!("{base}/docs")]).stdin(Stdio::null()).output()?;
        let (page, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let complaints: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
        ensure!(complaints.is_empty(), "the page complains: {}", complaints.join("\n"));
        let document: Value = serde_json::from_slice(&fs::read(&self.document)?)?;
        let paths = document["paths"].as_object().context("no paths")?;
        let operations: usize = paths.values().filter_map(|methods| Some(methods.as_object()?.len())).sum();
        let schemas = document["components"]["schemas"].as_object().context("no schemas")?.len();
        let wanted = format!("<title>Optimus API: {operations} operations, {schemas} schemas</title>");
        let title = page.split_inclusive("</title>").next().and_then(|head| Some(&head[head.find("<title>")?..]));
        ensure!(title == Some(wanted.as_str()), "the page's title is {title:?}, not {wanted:?}");
        say(&wanted);
        Ok(())
    }

    /// Events are left out: they go on until the job ends, or for ever.
    fn schemathesis(&self, base: &str) -> anyhow::Result<()> {
        let mut test = self.script(&["-m", "schemathesis.cli", "run", &format!("{base}/openapi.json")]);
        test.args([
            "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        ]);
        test.args(["--phases", "examples,coverage,fuzzing", "--max-examples", "5", "--seed", "1", "--workers", "2"]);
        test.args([
            "--exclude-path",
            "/v1/jobs/{id}/events",
            "--exclude-path",
            "/v1/events",
            "--request-timeout",
            "30",
            "--suppress-health-check",
            "all",
        ]);
        test.current_dir(self.made("schemathesis")?);
        say(&format!("$ {}", show(&test)));
        let mut status = test.status()?;
        // It was seen to crash by itself, a segmentation fault in libpython 3.11: that says nothing about the server.
        if status.code().is_none() {
            say(&format!("schemathesis ended with {status}, and runs again"));
            status = test.status()?;
        }
        ensure!(status.success(), "schemathesis ended with {status}");
        Ok(())
    }
}
