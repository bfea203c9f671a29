//! `cargo xtask runtimes`: makes the runtimes of languages inside WebAssembly from sources that registries have, with the C
//! compiler and libc for WASI that PyPI's `ziglang` holds. Versions are pinned, and so are the bytes that come of them: a
//! language's plugin names them by digest.

mod alone;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use sha2::{Digest as _, Sha256};

use crate::shell::{cargo, read, run, say};
use crate::tools;

pub(crate) use alone::judges_alone;

const COMPILER: &str = "ziglang==0.15.2";
/// Of every runtime: sizes of stacks as programs of judges need them, and no names of functions.
const FLAGS: [&str; 8] = [
    "-target",
    "wasm32-wasi",
    "-O2",
    "-s",
    "-w",
    "-D_WASI_EMULATED_PROCESS_CLOCKS",
    "-D_WASI_EMULATED_SIGNAL",
    "-Wl,-z,stack-size=8388608",
];
const LIBRARIES: [&str; 2] = ["-lwasi-emulated-process-clocks", "-lwasi-emulated-signal"];

/// A runtime, and where its source is.
struct Recipe {
    name: &'static str,
    /// A crate that carries the source, and its version.
    package: (&'static str, &'static str),
    /// The source's folder in it.
    folder: &'static str,
    flags: &'static [&'static str],
    sources: &'static [&'static str],
    /// The language that is planned with it.
    language: &'static str,
}

const RECIPES: [Recipe; 1] = [Recipe {
    name: "quickjs",
    package: ("rquickjs-sys", "0.14.0"),
    folder: "quickjs",
    flags: &["-std=gnu11", "-D_GNU_SOURCE"],
    sources: &[
        "qjs.c",
        "quickjs-libc.c",
        "quickjs.c",
        "libregexp.c",
        "libunicode.c",
        "dtoa.c",
        "gen/repl.c",
        "gen/standalone.c",
    ],
    language: "javascript-wasm",
}];

/// Makes every runtime, in target/runtimes; returns their files.
///
/// # Errors
/// One cannot be made, or its bytes are not those that its language names.
pub(crate) fn runtimes(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let place = root.join("target/runtimes");
    let compiler = place.join("ziglang");
    tools::from_pypi(&compiler, &[COMPILER])?;
    RECIPES.iter().map(|recipe| make(root, &place, &compiler, recipe)).collect()
}

/// Makes them, and installs them for a server with this state directory.
///
/// # Errors
/// As [`runtimes`], or one is refused.
pub(crate) fn install(root: &Path, program: &Path, state: &Path) -> anyhow::Result<()> {
    for module in runtimes(root)? {
        let mut install = Command::new(program);
        say(read(install.args(["runtime", "install"]).arg(module).arg("--state").arg(state))?.trim_end());
    }
    Ok(())
}

/// The languages that are planned with them.
pub(crate) fn languages() -> Vec<String> {
    RECIPES.iter().map(|recipe| recipe.language.to_owned()).collect()
}

fn make(root: &Path, place: &Path, compiler: &Path, recipe: &Recipe) -> anyhow::Result<PathBuf> {
    let sources = sources(root, place, recipe)?;
    let module = place.join(format!("{}.wasm", recipe.name));
    let mut zig = Command::new("python3");
    zig.args(["-m", "ziglang", "cc"]).args(FLAGS).args(recipe.flags).args(recipe.sources).args(LIBRARIES);
    // Paths of this machine would be in the bytes: the compiler works where the sources are.
    zig.arg("-o").arg(&module).current_dir(sources).env("PYTHONPATH", compiler);
    run(zig.env("ZIG_GLOBAL_CACHE_DIR", place.join("zig-cache")).env("ZIG_LOCAL_CACHE_DIR", place.join("zig-cache")))?;
    let digest: String = Sha256::digest(std::fs::read(&module)?).iter().map(|byte| format!("{byte:02x}")).collect();
    let image = format!("wasm:{}@sha256:{digest}", recipe.name);
    let plugin = root.join("languages").join(recipe.language).join("language.toml");
    let planned = std::fs::read_to_string(&plugin).with_context(|| format!("{}", plugin.display()))?;
    ensure!(
        planned.contains(&format!("\"{image}\"")),
        "{} is `{image}`, and {} names another\n\nhint: with another version of its source, write this one there",
        module.display(),
        plugin.display()
    );
    say(&format!("{image}  {}", module.display()));
    Ok(module)
}

/// The folder with a recipe's sources: cargo fetches the crate, and compares it with its checksum.
fn sources(root: &Path, place: &Path, recipe: &Recipe) -> anyhow::Result<PathBuf> {
    let (package, version) = recipe.package;
    let project = place.join("sources").join(recipe.name);
    let vendored = project.join("vendor").join(package).join(recipe.folder);
    if !vendored.is_dir() {
        std::fs::create_dir_all(project.join("src"))?;
        let manifest = format!(
            "[package]\nname = \"sources\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{package} = \"={version}\"\n\n[workspace]\n"
        );
        std::fs::write(project.join("Cargo.toml"), manifest)?;
        std::fs::write(project.join("src/lib.rs"), "")?;
        run(cargo(root).args(["vendor", "--quiet", "vendor"]).current_dir(&project))?;
    }
    Ok(vendored)
}
