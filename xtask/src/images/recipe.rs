//! Reads `dockerfiles/*`: each folder with an `image.toml` is a language (or the base), each of its tags an image. In:
//! files. Out: recipes, in an order in which each stands on what was built before it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::service;

/// Prefix of every image's name.
const PREFIX: &str = "optimus/";

/// One image: a folder at one of its tags.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    /// The folder's name.
    pub(crate) folder: String,
    /// `optimus/<folder>:<tag>`.
    pub(crate) image: String,
    /// The image it stands on, as its Dockerfile says.
    pub(crate) parent: String,
    /// Directory of the Dockerfile and its files.
    pub(crate) path: PathBuf,
    /// `docker build --build-arg`.
    pub(crate) args: BTreeMap<String, String>,
    /// The program that shows that it works.
    pub(crate) smoke: Smoke,
    /// Number of our images below it.
    pub(crate) depth: usize,
    /// The first of its folder's tags.
    pub(crate) is_default: bool,
}

/// A program and how it is compiled and run: what `image.toml` says, and a tag may say otherwise.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Smoke {
    /// The program's file, in the folder.
    pub(crate) source: String,
    /// Prints the toolchain's version.
    pub(crate) probe: Vec<String>,
    /// Steps before the program can run, in order.
    pub(crate) compile: Vec<Vec<String>>,
    /// Runs it.
    pub(crate) run: Vec<String>,
    /// Environment variables that the toolchain needs.
    pub(crate) env: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    #[expect(dead_code, reason = "for people, and for who writes the language's plugin")]
    name: String,
    source: String,
    probe: Vec<String>,
    #[serde(default)]
    compile: Vec<Vec<String>>,
    run: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    tag: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tag {
    name: String,
    #[serde(default)]
    args: BTreeMap<String, String>,
    source: Option<String>,
    probe: Option<Vec<String>>,
    compile: Option<Vec<Vec<String>>>,
    run: Option<Vec<String>>,
}

impl Recipe {
    /// Names everything that its build depends on, so that equal digests mean that nothing has to be built.
    ///
    /// # Errors
    /// A file of its folder that cannot be read.
    pub(crate) fn digest(&self, parent: &str) -> anyhow::Result<String> {
        let mut hash = Sha256::new();
        hash.update(format!("{parent}\n{}\n{:?}\n", self.image, self.args));
        for path in files(&self.path)?.into_iter().filter(|path| path.is_file()) {
            let bytes = std::fs::read(&path).with_context(|| format!("`{}`", path.display()))?;
            hash.update(format!("{}\n{}\n", path.file_name().unwrap_or_default().display(), bytes.len()));
            hash.update(bytes);
        }
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Every recipe below `root`, parents first.
///
/// # Errors
/// A folder that makes no sense, by its path.
pub(crate) fn load(root: &Path) -> anyhow::Result<Vec<Recipe>> {
    let mut recipes = Vec::new();
    for path in files(&root.join("dockerfiles"))? {
        let folder = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && folder != service::NAME {
            recipes.extend(read(&path, &folder).with_context(|| format!("`{}`", path.display()))?);
        }
    }
    ordered(recipes)
}

/// The recipes that `names` ask for (`python`, `c:clang`; nothing: the default tag of each folder, or with `every`
/// all tags), and what they stand on.
///
/// # Errors
/// A name that no recipe has.
pub(crate) fn select(recipes: &[Recipe], names: &[String], every: bool) -> anyhow::Result<Vec<Recipe>> {
    let mut wanted = BTreeSet::new();
    for name in names {
        let name = name.strip_prefix(PREFIX).unwrap_or(name);
        let asked = |recipe: &&Recipe| match name.contains(':') {
            true => recipe.image.strip_prefix(PREFIX) == Some(name),
            false => recipe.folder == name && (every || recipe.is_default),
        };
        let found: Vec<_> = recipes.iter().filter(asked).map(|recipe| recipe.image.clone()).collect();
        ensure!(!found.is_empty(), "no image `{name}`: dockerfiles/ has no such folder or tag");
        wanted.extend(found);
    }
    if names.is_empty() {
        wanted.extend(recipes.iter().filter(|recipe| every || recipe.is_default).map(|recipe| recipe.image.clone()));
    }
    // Parents come first, so that a walk from the end meets each child before its parent.
    for recipe in recipes.iter().rev() {
        if wanted.contains(&recipe.image) {
            wanted.insert(recipe.parent.clone());
        }
    }
    Ok(recipes.iter().filter(|recipe| wanted.contains(&recipe.image)).cloned().collect())
}

fn read(path: &Path, folder: &str) -> anyhow::Result<Vec<Recipe>> {
    let text = |name: &str| std::fs::read_to_string(path.join(name)).with_context(|| format!("`{name}`"));
    let manifest: Manifest = toml::from_str(&text("image.toml")?).context("`image.toml`")?;
    let dockerfile = text("Dockerfile")?;
    ensure!(!manifest.tag.is_empty(), "`image.toml` has no [[tag]]");
    let recipes = manifest.tag.iter().enumerate().map(|(index, tag)| {
        let smoke = Smoke {
            source: tag.source.clone().unwrap_or_else(|| manifest.source.clone()),
            probe: tag.probe.clone().unwrap_or_else(|| manifest.probe.clone()),
            compile: tag.compile.clone().unwrap_or_else(|| manifest.compile.clone()),
            run: tag.run.clone().unwrap_or_else(|| manifest.run.clone()),
            env: manifest.env.clone(),
        };
        ensure!(path.join(&smoke.source).is_file(), "its smoke program `{}` is not there", smoke.source);
        Ok(Recipe {
            folder: folder.to_owned(),
            image: format!("{PREFIX}{folder}:{}", tag.name),
            parent: parent(&dockerfile, &tag.args)?,
            path: path.to_owned(),
            args: tag.args.clone(),
            smoke,
            depth: 0,
            is_default: index == 0,
        })
    });
    recipes.collect()
}

/// The image of the last `FROM`; `$BASE` is an `ARG` above it.
fn parent(dockerfile: &str, args: &BTreeMap<String, String>) -> anyhow::Result<String> {
    let from = dockerfile.lines().rev().find_map(|line| line.strip_prefix("FROM "));
    let from = from.and_then(|line| line.split(' ').next()).context("`Dockerfile` has no FROM")?;
    let Some(name) = from.strip_prefix('$') else { return Ok(from.to_owned()) };
    let default = dockerfile.lines().find_map(|line| line.strip_prefix("ARG ")?.strip_prefix(name)?.strip_prefix('='));
    args.get(name).map(String::as_str).or(default).map(str::to_owned).with_context(|| format!("no ARG {name}"))
}

fn ordered(mut rest: Vec<Recipe>) -> anyhow::Result<Vec<Recipe>> {
    let (mut done, mut depth): (Vec<Recipe>, usize) = (Vec::new(), 0);
    while !rest.is_empty() {
        let waits: BTreeSet<_> = rest.iter().map(|recipe| recipe.image.clone()).collect();
        let (ready, later): (Vec<_>, Vec<_>) = rest.into_iter().partition(|recipe| !waits.contains(&recipe.parent));
        if ready.is_empty() {
            bail!("images stand on each other in a circle: {waits:?}");
        }
        done.extend(ready.into_iter().map(|recipe| Recipe { depth, ..recipe }));
        rest = later;
        depth += 1;
    }
    Ok(done)
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = folder.read_dir().with_context(|| format!("`{}`", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipes() -> Vec<Recipe> {
        load(&crate::shell::root()).unwrap()
    }

    /// `optimus/<folder>:<tag>`, wherever it stands in `text`, also as the compiler of programs for WebAssembly.
    fn images_in(text: &str) -> Vec<String> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "._-+:".contains(c);
        let text = text.replace("\"wasm+", "\"");
        let found = text.split("\"optimus/").skip(1).filter_map(|rest| {
            let name = rest.split('"').next().filter(|name| name.contains(':') && name.chars().all(is_part))?;
            Some(format!("{PREFIX}{name}"))
        });
        found.collect()
    }

    #[test]
    fn every_image_that_a_plugin_names_can_be_built() {
        let built: BTreeSet<_> = recipes().into_iter().map(|recipe| recipe.image).collect();
        let mut named = 0;
        for language in files(&crate::shell::root().join("languages")).unwrap() {
            for path in [language.join("src/lib.rs"), language.join("language.toml")] {
                let Ok(text) = std::fs::read_to_string(&path) else { continue };
                for image in images_in(&text) {
                    assert!(built.contains(&image), "{} names `{image}`; dockerfiles/ has no such tag", path.display());
                    named += 1;
                }
            }
        }
        assert!(named >= 8, "only {named} images are named in languages/");
    }

    #[test]
    fn every_image_has_a_program_that_shows_that_it_works() {
        for recipe in recipes() {
            let source = std::fs::read_to_string(recipe.path.join(&recipe.smoke.source)).unwrap();
            assert!(source.contains("Hello"), "{}: `{}` says nothing", recipe.image, recipe.smoke.source);
            assert!(!recipe.smoke.run.is_empty() && !recipe.smoke.probe.is_empty(), "{}", recipe.image);
        }
    }

    #[test]
    fn every_image_ends_as_a_user_without_rights() {
        for recipe in recipes() {
            let text = std::fs::read_to_string(recipe.path.join("Dockerfile")).unwrap();
            let user = text.lines().rev().find_map(|line| line.strip_prefix("USER "));
            assert_eq!(user, Some("box"), "{}", recipe.image);
        }
    }

    #[test]
    fn every_image_stands_in_the_readme() {
        let readme = std::fs::read_to_string(crate::shell::root().join("dockerfiles/README.md")).unwrap();
        for recipe in recipes() {
            let tag = recipe.image.split_once(':').map(|(_, tag)| format!("`{tag}`")).unwrap_or_default();
            let name = if recipe.is_default { format!("`{}`", recipe.image) } else { tag };
            let row = format!("| `{PREFIX}{}:", recipe.folder);
            let stands = readme.lines().any(|line| line.starts_with(&row) && line.contains(&name));
            assert!(stands, "dockerfiles/README.md has no `{}` in its table", recipe.image);
        }
    }

    #[test]
    fn the_script_without_us_builds_the_same() {
        let script = crate::shell::root().join("dockerfiles/build.sh");
        // In place of the client: something that only says what it was asked for.
        let bin = tempfile::tempdir().unwrap();
        let fake = bin.path().join("docker");
        std::fs::write(&fake, "#!/bin/sh\necho \"asked: $4\"\n").unwrap();
        std::fs::set_permissions(&fake, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", bin.path().display(), std::env::var("PATH").unwrap_or_default());
        let recipes = recipes();
        let folders = recipes.iter().filter(|recipe| recipe.is_default).map(|recipe| &recipe.folder);
        let output = std::process::Command::new("sh").arg(script).args(folders).env("PATH", path).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let asked: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("asked: ")).collect();
        for recipe in recipes.iter().filter(|recipe| recipe.is_default) {
            let place = |image: &str| asked.iter().position(|other| *other == image);
            let own = place(&recipe.image).unwrap_or_else(|| panic!("`{}` is not built: {said}", recipe.image));
            assert!(place(&recipe.parent).is_none_or(|parent| parent < own), "`{}` comes too early", recipe.image);
        }
    }

    #[test]
    fn parents_come_first_and_come_along() {
        let names: Vec<_> = select(&recipes(), &["cpp:clang".to_owned()], false).unwrap();
        let names: Vec<_> = names.iter().map(|recipe| recipe.image.as_str()).collect();
        assert_eq!(names, ["optimus/base:trixie", "optimus/c:clang", "optimus/cpp:clang"]);
        assert!(select(&recipes(), &["klingon".to_owned()], false).is_err());
    }

    #[test]
    fn a_digest_follows_its_parent() {
        let base = &recipes()[0];
        assert_eq!(base.digest("a").unwrap(), base.digest("a").unwrap());
        assert_ne!(base.digest("a").unwrap(), base.digest("b").unwrap());
    }
}
