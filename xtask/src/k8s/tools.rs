//! The programs that look at manifests: where they are, and what is said where one is not.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;

use crate::shell::{has, is_strict, read, say};
use crate::tools::from_pypi;

/// From PyPI, into a directory of our own: Kubernetes' schemas of every version, and what reads YAML and JSON Schema.
const PACKAGES: [&str; 3] = ["kubernetes-validate==1.37.0", "jsonschema==4.26.0", "PyYAML==6.0.3"];

pub(super) struct Tools {
    /// Directory of everything that is made here.
    pub(super) dir: PathBuf,
    script: PathBuf,
    builder: Builder,
}

enum Builder {
    /// `kubectl kustomize`, or kustomize itself.
    Kustomize(Vec<&'static str>),
    /// The part of it that is ours.
    Own,
}

impl Tools {
    /// Installs what is missing.
    pub(super) fn ready(root: &Path) -> anyhow::Result<Self> {
        let dir = root.join("target/k8s");
        let tools = Self { script: root.join("xtask/src/k8s"), builder: builder(), dir };
        std::fs::create_dir_all(tools.dir.join("built"))?;
        from_pypi(&tools.packages(), &PACKAGES)?;
        Ok(tools)
    }

    /// Directory of the objects that were built from `name`.
    pub(super) fn built(&self, name: &str) -> PathBuf {
        self.dir.join("built").join(name).with_extension("yaml")
    }

    fn packages(&self) -> PathBuf {
        self.dir.join("python")
    }

    fn python(&self, script: &str) -> Command {
        let mut python = Command::new("python3");
        python.arg("-B").arg(self.script.join(script)).env("PYTHONPATH", self.packages());
        python
    }

    /// `check.py` with these words and files.
    pub(super) fn check(&self, words: &[&str], files: &[&Path]) -> Command {
        let mut check = self.python("check.py");
        check.args(words).args(files);
        check
    }

    /// The objects of a directory, in a file. Where kustomize is here, our own part of it has to build the same.
    pub(super) fn kustomize(&self, dir: &Path, name: &str) -> anyhow::Result<PathBuf> {
        let (file, own) = (self.built(name), self.dir.join(format!("{name}.own.yaml")));
        std::fs::write(&own, read(self.python("kustomize.py").arg(dir))?)?;
        let Builder::Kustomize(words) = &self.builder else {
            std::fs::copy(&own, &file)?;
            return Ok(file);
        };
        std::fs::write(&file, read(Command::new(words[0]).args(&words[1..]).arg(dir))?)?;
        let [theirs, ours] = [&file, &own].map(|path| read(&mut self.check(&["sorted"], &[path])));
        ensure!(theirs? == ours?, "kustomize.py builds `{name}` otherwise than kustomize does");
        Ok(file)
    }
}

/// kubectl has kustomize in it; Debian 12's has one from before there were components.
fn builder() -> Builder {
    if has("kubectl")
        && read(Command::new("kubectl").args(["version", "--client", "-o", "json"])).is_ok_and(|text| is_new(&text))
    {
        return Builder::Kustomize(vec!["kubectl", "kustomize"]);
    }
    if has("kustomize") && read(Command::new("kustomize").arg("version")).is_ok_and(|text| is_new(&text)) {
        return Builder::Kustomize(vec!["kustomize", "build"]);
    }
    say("kubectl is not here, or its kustomize is older than 5: built by our own part of it, which is held against \
         kustomize's wherever that is");
    Builder::Own
}

/// Returns true for version 5 of kustomize.
fn is_new(text: &str) -> bool {
    text.contains("\"kustomizeVersion\": \"v5.") || text.trim().starts_with("v5.")
}

/// Says what was not looked at; where nothing may be skipped, that is a failure.
pub(super) fn lacking(tool: &str, what: &str, remedy: &str) -> anyhow::Result<()> {
    ensure!(!is_strict(), "{tool} is not here, so not checked: {what}; {remedy}");
    crate::parts::skip(&format!("{tool} is not here, so not checked: {what}; {remedy}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_new;

    #[test]
    fn a_kustomize_that_knows_components_is_told_from_one_that_does_not() {
        assert!(is_new("{\n  \"kustomizeVersion\": \"v5.5.0\"\n}"));
        assert!(is_new("v5.7.1\n"));
        assert!(!is_new("{\n  \"clientVersion\": {\"gitVersion\": \"v1.20.2\"}\n}"));
        assert!(!is_new("{Version:kustomize/v4.5.4}"));
    }
}
