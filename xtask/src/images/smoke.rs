//! Shows that an image works: its program is compiled and run in it as a box would, by a user without rights, with
//! nothing to write to but a work area, and without network.

use anyhow::{Context as _, ensure};

use super::docker::{docker, feed};
use super::recipe::{Recipe, Smoke};

/// The output of every program.
const GREETING: &str = "Hello, world!";
/// Stands between the toolchain's version and what the program prints.
const MARK: &str = "-- optimus --";
/// A box's walls, as far as the docker client can build them.
const WALLS: [&str; 14] = [
    "--rm",
    "-i",
    "--read-only",
    "--network=none",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--pids-limit=256",
    "--memory=2g",
    "--log-driver=none",
    "--tmpfs=/w:rw,exec,nosuid,nodev,size=512m,mode=1777",
    "--tmpfs=/tmp:rw,exec,nosuid,nodev,size=512m,mode=1777",
    "--label=optimus.smoke",
    "--workdir=/w",
    "--entrypoint=/bin/sh",
];

/// Compiles and runs the program of `recipe` in its image; returns the toolchain's version.
///
/// # Errors
/// A program that does not compile, or prints something else, with what was said.
pub(crate) fn check(recipe: &Recipe) -> anyhow::Result<String> {
    let smoke = &recipe.smoke;
    let source = std::fs::read(recipe.path.join(&smoke.source)).with_context(|| format!("`{}`", smoke.source))?;
    let mut run = docker();
    run.arg("run").args(WALLS);
    for (name, value) in &smoke.env {
        run.arg("--env").arg(format!("{name}={value}"));
    }
    let printed = feed(run.args([&recipe.image, "-euc", &script(smoke)]), &source)
        .with_context(|| format!("`{}` in `{}`", smoke.source, recipe.image))?;
    let (version, output) = printed.split_once(MARK).context("the mark is lost")?;
    ensure!(output.trim() == GREETING, "`{}` in `{}` printed {:?}", smoke.source, recipe.image, output.trim());
    Ok(version.trim().lines().next().unwrap_or_default().to_owned())
}

/// The source comes on the standard input: the daemon may be on another machine.
fn script(smoke: &Smoke) -> String {
    let mut lines = vec!["test \"$(id -u)\" != 0".to_owned(), format!("cat > {}", quote(&smoke.source))];
    lines.extend(smoke.compile.iter().map(|step| format!("{} </dev/null >&2", words(step))));
    // Some print their version as an error, some with an empty line before it.
    let probe = words(&smoke.probe);
    lines.push(format!("said=$({probe} </dev/null 2>&1) || {{ echo \"$said\" >&2; exit 1; }}"));
    lines.push("echo \"$said\" | grep -m 1 .".to_owned());
    lines.push(format!("echo '{MARK}'"));
    lines.push(format!("{} </dev/null", words(&smoke.run)));
    lines.join("\n")
}

fn words(argv: &[String]) -> String {
    argv.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_words() {
        let argv = ["a b".to_owned(), "it's".to_owned(), "$x".to_owned()];
        assert_eq!(words(&argv), r"'a b' 'it'\''s' '$x'");
    }
}
