//! `cargo xtask runtimes`: makes the runtimes of languages inside WebAssembly from what registries have. Versions are
//! pinned, and so are the bytes that come of them: a language's plugin names them by digest.

mod alone;
mod recipe;
mod strip;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use sha2::{Digest as _, Sha256};

use crate::shell::{cargo, read, run, say};
use crate::tools;

pub(crate) use alone::judges_alone;
use recipe::{COMPILER, FLAGS, LIBRARIES, Made, RECIPES, Recipe};

/// Makes every runtime, in target/runtimes; returns their files.
///
/// # Errors
/// One cannot be made, or its bytes are not those that its language names.
pub(crate) fn runtimes(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let place = root.join("target/runtimes");
    RECIPES.iter().map(|recipe| make(root, &place, recipe)).collect()
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

fn make(root: &Path, place: &Path, recipe: &Recipe) -> anyhow::Result<PathBuf> {
    let module = place.join(format!("{}.wasm", recipe.name));
    match &recipe.made {
        Made::Compiled { package, folder, flags, sources, ours } => {
            let folder = fetched(root, place, recipe.name, *package)?.join(folder);
            let beside = root.join("languages").join(recipe.language).join("runtime");
            let ours = ours.iter().map(|file| beside.join(file));
            let inputs = of_folder(&folder, sources)?.into_iter().map(PathBuf::from).chain(ours);
            compile(place, &folder, &module, |zig| zig.args(*flags).arg("-I").arg(&beside).args(inputs))?;
        }
        Made::Gathered { package, path } => {
            let gathered = place.join("gathered").join(recipe.name);
            tools::wheel_from_pypi(&gathered, package)?;
            std::fs::write(&module, strip::without_custom_sections(&std::fs::read(gathered.join(path))?)?)?;
        }
    }
    check(root, &module, recipe)?;
    Ok(module)
}

/// Fails unless the module is the one that the language's plugin names.
fn check(root: &Path, module: &Path, recipe: &Recipe) -> anyhow::Result<()> {
    let digest: String = Sha256::digest(std::fs::read(module)?).iter().map(|byte| format!("{byte:02x}")).collect();
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
    Ok(())
}

/// Runs the compiler in `folder`: paths of this machine would be in the bytes otherwise.
fn compile(
    place: &Path,
    folder: &Path,
    module: &Path,
    inputs: impl FnOnce(&mut Command) -> &mut Command,
) -> anyhow::Result<()> {
    let compiler = place.join("ziglang");
    tools::from_pypi(&compiler, &[COMPILER])?;
    let mut zig = Command::new("python3");
    zig.args(["-m", "ziglang", "cc"]).args(FLAGS);
    inputs(&mut zig);
    zig.args(LIBRARIES).arg("-o").arg(module).current_dir(folder).env("PYTHONPATH", compiler);
    run(zig.env("ZIG_GLOBAL_CACHE_DIR", place.join("zig-cache")).env("ZIG_LOCAL_CACHE_DIR", place.join("zig-cache")))
}

/// The named sources, or all of the folder's, by name: their order is in the bytes.
fn of_folder(folder: &Path, sources: &[&str]) -> anyhow::Result<Vec<String>> {
    if !sources.is_empty() {
        return Ok(sources.iter().map(|&source| source.to_owned()).collect());
    }
    let mut names = Vec::new();
    for entry in folder.read_dir()? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.ends_with(".c").then_some(name));
    }
    names.sort();
    Ok(names)
}

/// The folder of a crate: cargo fetches it, and compares it with its checksum.
fn fetched(root: &Path, place: &Path, name: &str, (package, version): (&str, &str)) -> anyhow::Result<PathBuf> {
    let project = place.join("sources").join(name);
    let vendored = project.join("vendor").join(package);
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
