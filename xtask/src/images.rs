//! `cargo xtask images`: builds the images of `dockerfiles/`, and shows for each that a program of its language can be
//! compiled and run in it. What was built from the same files, and has shown it, is left as it is.

mod context;
mod debian;
mod docker;
mod recipe;
pub(crate) mod service;
mod smoke;

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};

use self::docker::{Known, RECIPE, TOOLCHAIN};
use self::recipe::Recipe;
use crate::shell::say;

/// While one build unpacks, another fetches.
const AT_ONCE: usize = 2;

/// Which images, and what to do with them.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Folders of dockerfiles/, with a tag if it is not the first: `python`, `c:clang`; all when none is
    /// named. `optimus` alone is the service's image
    names: Vec<String>,
    /// Every tag of each folder, not only the first
    #[arg(long)]
    every_tag: bool,
    /// Build nothing: compile and run each image's program in the image that is there
    #[arg(long)]
    check: bool,
    /// Build also what is up to date, with the newest packages
    #[arg(long, conflicts_with = "check")]
    fresh: bool,
}

/// The result for an image.
#[derive(Debug)]
struct Row {
    image: String,
    took: Duration,
    /// The toolchain's version, or why there is none.
    result: Result<String, String>,
    ran: &'static str,
}

impl Row {
    fn of(recipe: &Recipe, took: Duration, ran: &'static str, result: anyhow::Result<String>) -> Row {
        if let Err(error) = &result {
            say(&format!("        {}: {error:#}", recipe.image));
        }
        Row { image: recipe.image.clone(), took, result: result.map_err(|error| error.to_string()), ran }
    }
}

/// Builds or checks them, and prints a table.
///
/// # Errors
/// The images that could not be built, or whose program did not run.
pub(crate) fn images(root: &Path, args: &Args) -> anyhow::Result<()> {
    if args.names == [service::NAME] {
        return service::build(root);
    }
    let recipes = recipe::select(&recipe::load(root)?, &args.names, args.every_tag)?;
    let logs = root.join("target/images");
    std::fs::create_dir_all(&logs).with_context(|| format!("`{}`", logs.display()))?;
    if !args.check {
        debian::ensure_there()?;
    }
    let names: Vec<_> = recipes.iter().map(|recipe| recipe.image.as_str()).chain([debian::NAME]).collect();
    let before = docker::known(&names)?;
    let digests = digests(&recipes, &before)?;
    let mut rows: Vec<Row> = Vec::new();
    let started = AtomicUsize::new(0);
    for wave in recipes.chunk_by(|first, next| first.depth == next.depth) {
        let failed = failed(&rows);
        let turns = AtomicUsize::new(0);
        let turn = || {
            let recipe = wave.get(turns.fetch_add(1, Relaxed))?;
            let step = Step { recipe, digest: &digests[&recipe.image], before: before.get(&recipe.image), logs: &logs };
            let place = format!("[{}/{}]", started.fetch_add(1, Relaxed) + 1, recipes.len());
            Some(match failed.contains(&recipe.parent) {
                true => Row::of(recipe, Duration::ZERO, "no", Err(anyhow!("`{}` is not there", recipe.parent))),
                false => step.take(args, &place),
            })
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..AT_ONCE).map(|_| scope.spawn(|| iter::from_fn(turn).collect::<Vec<_>>())).collect();
            rows.extend(threads.into_iter().flat_map(|thread| thread.join().expect("a build does not panic")));
        });
    }
    rows.sort_by_key(|row| recipes.iter().position(|recipe| recipe.image == row.image));
    print(&rows, &docker::known(&names)?);
    let failed = failed(&rows);
    ensure!(failed.is_empty(), "{} of {} images: {failed:?}", failed.len(), recipes.len());
    Ok(())
}

/// Builds the images of a few languages, so that the tests can hold containers against this host.
///
/// # Errors
/// As [`images`].
pub(crate) fn some(root: &Path, names: &[&str]) -> anyhow::Result<()> {
    images(root, &Args { names: names.iter().map(|&name| name.to_owned()).collect(), ..Args::default() })
}

/// One image's turn.
struct Step<'a> {
    recipe: &'a Recipe,
    digest: &'a str,
    before: Option<&'a Known>,
    logs: &'a Path,
}

impl Step<'_> {
    fn take(&self, args: &Args, place: &str) -> Row {
        let label = |name: &str| self.before.and_then(|image| image.labels.get(name)).map(String::as_str);
        if !args.check && !args.fresh && label(RECIPE) == Some(self.digest) {
            let version = label(TOOLCHAIN).unwrap_or_default().to_owned();
            return Row::of(self.recipe, Duration::ZERO, "before", Ok(version));
        }
        let start = Instant::now();
        say(&format!("{place} {}", self.recipe.image));
        let result = match args.check {
            true => self.check(),
            false => self.build(args.fresh),
        };
        Row::of(self.recipe, start.elapsed(), if result.is_ok() { "yes" } else { "no" }, result)
    }

    fn check(&self) -> anyhow::Result<String> {
        ensure!(self.before.is_some(), "it is not built: `cargo xtask images {}`", self.recipe.folder);
        smoke::check(self.recipe)
    }

    fn build(&self, fresh: bool) -> anyhow::Result<String> {
        let log = self.logs.join(self.recipe.image.replace(['/', ':'], "-") + ".log");
        let context = context::prepare(self.recipe, self.logs)?;
        docker::build(self.recipe, &context, fresh, &log)?;
        let version = smoke::check(self.recipe)?;
        docker::seal(&self.recipe.image, &[(RECIPE, self.digest), (TOOLCHAIN, &version)])?;
        Ok(version)
    }
}

/// The images that are not as they should be.
fn failed(rows: &[Row]) -> BTreeSet<String> {
    rows.iter().filter(|row| row.result.is_err()).map(|row| row.image.clone()).collect()
}

/// Each image's digest, with its parents' in it. The registry's image counts by what it is, ours by what we made it from.
fn digests(recipes: &[Recipe], known: &BTreeMap<String, Known>) -> anyhow::Result<BTreeMap<String, String>> {
    let debian = known.get(debian::NAME).map(|image| image.id.clone()).unwrap_or_default();
    let mut digests = BTreeMap::from([(debian::NAME.to_owned(), debian)]);
    for recipe in recipes {
        let parent = digests.get(&recipe.parent).with_context(|| format!("unknown image `{}`", recipe.parent))?;
        let digest = recipe.digest(parent)?;
        digests.insert(recipe.image.clone(), digest);
    }
    Ok(digests)
}

fn print(rows: &[Row], known: &BTreeMap<String, Known>) {
    let width = rows.iter().map(|row| row.image.len()).max().unwrap_or_default();
    say(&format!("\n{:width$}  {:>8}  {:>7}  {:6}  toolchain", "image", "size", "time", "ran"));
    for row in rows {
        let size = known.get(&row.image).map_or("-".to_owned(), |image| format!("{} MB", image.bytes / 1_000_000));
        let result = match &row.result {
            Ok(version) => version.clone(),
            Err(why) => format!("FAILED: {}", why.lines().next().unwrap_or_default()),
        };
        let took = format!("{:.1} s", row.took.as_secs_f64());
        say(&format!("{:width$}  {size:>8}  {took:>7}  {:6}  {result}", row.image, row.ran));
    }
}
