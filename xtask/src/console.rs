//! `cargo xtask console`: the console is rebuilt from its lock file and compared with the bundle that is committed, its unit
//! tests run, and it is used in a real browser against real servers.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::demo::Server;
use crate::process::Process;
use crate::shell::{build_program, has, is_strict, read, run, say};
use crate::{parts, plugins, setup, tools};

const WEB: &str = "host/console/web";
const BUNDLE: &str = "host/console/bundle";
const OPENAPI: &str = "host/server/src/api/openapi.json";
const TYPES: &str = "src/api/schema.ts";

/// What has to be here already, and the Debian packages that hold it.
const NEEDED: [(&str, &str); 3] = [("node", "nodejs"), ("npm", "npm"), ("chromium", "chromium")];

/// The last one that Debian's Node runs.
const LIGHTHOUSE: &str = "lighthouse@12.8.2";

/// What a build leaves beside the sources.
const MADE: [&str; 3] = ["node_modules", "dist", "dist-test"];

/// How to look at the console.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Args {
    /// Write the types and the bundle, after a change of the sources, instead of comparing them; nothing is tested
    #[arg(long)]
    pub(crate) write: bool,
    /// Measure instead of testing: Lighthouse, first paint, frames and the server's rate beside open consoles
    #[arg(long, conflicts_with = "write", value_name = "PROGRAM")]
    pub(crate) measure: Option<PathBuf>,
}

/// Builds what the browser talks to first.
pub(crate) fn built(root: &Path, args: &Args) -> anyhow::Result<()> {
    if !args.write {
        setup::targets()?;
        if args.measure.is_none() {
            build_program(root, "optimus")?;
        }
        plugins::crates(root, &[])?;
    }
    console(root, args)
}

/// With the binary and the plugins that are built already.
pub(crate) fn console(root: &Path, args: &Args) -> anyhow::Result<()> {
    let missing: Vec<_> = NEEDED.into_iter().filter(|(program, _)| !has(program)).map(|(_, package)| package).collect();
    if !missing.is_empty() {
        ensure!(!is_strict(), "these packages are not here, and nothing may be skipped: {}", missing.join(" "));
        parts::skip(&format!("the console: apt-get install {}", missing.join(" ")));
        return Ok(());
    }
    let place = Place::ready(root)?;
    if args.write {
        return place.write();
    }
    if let Some(program) = &args.measure {
        return place.measure(program);
    }
    timed("types", || place.types())?;
    timed("check", || run(Command::new("npm").args(["run", "--silent", "check"]).current_dir(&place.web)))?;
    timed("unit tests", || place.unit_tests())?;
    timed("bundle", || place.bundle())?;
    timed("browser", || place.browser())
}

fn timed(what: &str, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let began = Instant::now();
    work().with_context(|| format!("console: {what}"))?;
    say(&format!("{what}: {:.1} s", began.elapsed().as_secs_f64()));
    Ok(())
}

/// A copy of the sources below `target/console`, with what the lock file names.
struct Place<'a> {
    root: &'a Path,
    dir: PathBuf,
    web: PathBuf,
}

impl<'a> Place<'a> {
    fn ready(root: &'a Path) -> anyhow::Result<Self> {
        let dir = root.join("target/console");
        let (tools, web) = (dir.join("tools"), dir.join("web"));
        let sources = root.join(WEB);
        // Installed again when the lock file has changed: its digest is in the command that is remembered.
        let lock = fs::read_to_string(sources.join("package-lock.json"))?;
        let mut install = Command::new("sh");
        let copy = "for file in package.json package-lock.json .npmrc; do cp \"$0/$file\" .; done && npm ci --silent";
        install.args(["-c", copy]).arg(&sources).arg(digest(&lock));
        tools::once(&tools, &mut install)?;
        if web.exists() {
            fs::remove_dir_all(&web)?;
        }
        copied(&sources, &web)?;
        std::os::unix::fs::symlink(tools.join("node_modules"), web.join("node_modules"))?;
        Ok(Self { root, dir, web })
    }

    fn node(&self, script: &str) -> Command {
        let mut node = Command::new("node");
        node.arg(script).current_dir(&self.web);
        node
    }

    fn write(&self) -> anyhow::Result<()> {
        let sources = self.root.join(WEB);
        self.make_types()?;
        fs::copy(self.web.join(TYPES), sources.join(TYPES))?;
        run(self.node("build.js").arg(self.root.join(BUNDLE)))
    }

    fn make_types(&self) -> anyhow::Result<()> {
        let mut generate = Command::new(self.web.join("node_modules/.bin/openapi-typescript"));
        generate.arg(self.root.join(OPENAPI)).arg("--output").arg(self.web.join(TYPES));
        read(&mut generate).map(drop)
    }

    fn types(&self) -> anyhow::Result<()> {
        self.make_types()?;
        let (made, kept) = (fs::read(self.web.join(TYPES))?, fs::read(self.root.join(WEB).join(TYPES))?);
        ensure!(made == kept, "`{TYPES}` does not follow from openapi.json: run `cargo xtask console --write`");
        Ok(())
    }

    fn unit_tests(&self) -> anyhow::Result<()> {
        let said = read(&mut self.node("test/run.js"))?;
        let count = said.lines().rfind(|line| line.starts_with("# pass") || line.starts_with("ℹ pass"));
        say(count.context("Node counted no tests")?);
        Ok(())
    }

    fn bundle(&self) -> anyhow::Result<()> {
        let made = self.dir.join("bundle");
        run(self.node("build.js").arg(&made))?;
        let (made, kept) = (files(&made)?, files(&self.root.join(BUNDLE))?);
        let differing: Vec<&str> = made
            .keys()
            .chain(kept.keys())
            .filter(|name| made.get(*name) != kept.get(*name))
            .map(String::as_str)
            .collect();
        ensure!(
            differing.is_empty(),
            "`{BUNDLE}` is not what its sources make: {}: run `cargo xtask console --write`",
            differing.join(", ")
        );
        say(&format!("{} files, byte for byte as committed", made.len()));
        Ok(())
    }

    /// Of a release, whose path is `program`: the figures of a debug build say nothing.
    fn measure(&self, program: &Path) -> anyhow::Result<()> {
        let lighthouse = self.dir.join("lighthouse");
        let mut install = Command::new("npm");
        tools::once(&lighthouse, install.args(["install", "--silent", "--no-save", LIGHTHOUSE]))?;
        let server = Server::start_program(program, "native", &self.root.join("plugins"), tempfile::tempdir()?)?;
        server.versions()?;
        run(self.node("browser/measure.js").arg(server.base()).arg(&lighthouse))
    }

    /// Versions of plugins that the page uploads, where no server looks for plugins. Each test has a language of its own.
    fn versions(&self, plugins: &Path) -> anyhow::Result<()> {
        for (id, version) in [("twin", 1), ("twin", 2), ("twin", 3), ("back", 1), ("back", 2)] {
            let folder = plugins.join(format!(".versions/{version}"));
            fs::create_dir_all(&folder)?;
            fs::write(folder.join("language.toml"), language(id, version))?;
            let mut build = Command::new(self.root.join("target/debug/optimus"));
            run(build.args(["plugin", "build"]).arg(&folder).arg("-o").arg(folder.join(format!("{id}.wasm"))))?;
        }
        Ok(())
    }

    fn browser(&self) -> anyhow::Result<()> {
        // A copy: a plugin is uploaded through the page, and later parts use those of the checkout.
        let plugins = tempfile::tempdir()?;
        copied(&self.root.join("plugins"), plugins.path())?;
        let plugins = plugins.path();
        self.versions(plugins)?;
        let open = Server::start_with(self.root, "native", plugins)?;
        open.versions()?;
        let state = tempfile::tempdir()?;
        let key = |tenant: &str, scopes: &str| {
            let mut create = Command::new(self.root.join("target/debug/optimus"));
            create
                .args(["keys", "create", "--json", "--tenant", tenant, "--scope", scopes, "--state"])
                .arg(state.path());
            let made: Value = serde_json::from_str(&read(&mut create)?)?;
            anyhow::Ok(made["key"].as_str().context("no key")?.to_owned())
        };
        let (own, admin) = (key("school", "submit,read")?, key("ops", "admin")?);
        let keyed = Server::start_at(self.root, "native", plugins, state)?;
        let (_provider, issuer) = Process::listening(&mut self.node("browser/provider.js"))?;
        let options = [
            "--sandbox",
            "native",
            "--oidc-issuer",
            &issuer,
            "--jwt-audience",
            "optimus",
            "--oidc-client-id",
            "console",
        ];
        let program = self.root.join("target/debug/optimus");
        let signed = Server::launch(&program, &options, plugins, tempfile::tempdir()?)?;
        let mut browse = self.node("browser/run.js");
        browse.args([open.base(), keyed.base(), signed.base(), &own, &admin]);
        run(browse.arg(plugins).arg(&self.dir))
    }
}

/// A language, whose second version asks for more.
fn language(id: &str, version: u32) -> String {
    let more = if version == 2 { format!(", \"{id}2\"]\nminimum = {{ memory_mib = 256 }}") } else { "]".to_owned() };
    format!(
        "id = \"{id}\"\nname = \"{id}\"\nversion = \"{version}.0.0\"\nextensions = [\"{id}\"{more}\nimage = \"x:1\"\n\
         probe = \"sh -c true\"\nrun = \"sh {{main}}\"\n"
    )
}

fn digest(text: &str) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn copied(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true if MADE.iter().any(|made| entry.file_name() == *made) => {}
            true => copied(&path, &target)?,
            false => drop(fs::copy(&path, &target)?),
        }
    }
    Ok(())
}

fn files(folder: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        all.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?);
    }
    Ok(all)
}
