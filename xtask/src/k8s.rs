//! `cargo xtask k8s`: the manifests as a cluster would see them, without a cluster.
//!
//! kustomize builds every overlay and every component; Kubernetes' own schemas, KEDA's fields and our own rules look at
//! what comes out; each kind of mistake is made once, to see that it is found; promtool reads rules, alerts and the
//! dashboard; and what the pods would run is run here, with a real Redis.

mod live;
mod tools;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use self::tools::Tools;
use crate::shell::{has, read, run, say};

/// The version of Kubernetes that the manifests are checked against.
const KUBERNETES: &str = "1.36";
const COMPONENTS: [&str; 4] = ["native-unprivileged", "native-userns", "dind", "monitoring"];
const OVERLAYS: [&str; 2] = ["dev", "prod"];

/// Possible mistakes, each in the text of the prod overlay, with a word of the expected error.
const MISTAKES: [(&str, &str, &str); 16] = [
    ("security.kubernetes.io/warn: baseline", "security.kubernetes.io/warn: restricted", "warns of restricted"),
    ("runtimeClassName: optimus-cgroup", "runtimeClassName: optimus-cgruop", "nobody makes the runtime class"),
    ("cooldownPeriod:", "cooldownPeroid:", "cooldownPeroid"),
    ("streamLength: \"2\"", "streamLenght: \"2\"", "streamLenght"),
    ("streamLength: \"2\"", "streamLength: 2", "is not of type"),
    ("streamLength: \"2\"", "streamLength: \"4\"", "2 slots"),
    ("type: redis-streams", "type: redis-stream", "is not one of"),
    ("stream: optimus:{bash}:q", "stream: optimus:{dash}:q", "looks at"),
    ("readOnlyRootFilesystem: true", "readOnlyRootFileSystem: true", "readOnlyRootFileSystem"),
    ("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "may gain privileges"),
    ("automountServiceAccountToken: false\n      containers", "containers", "has a token"),
    ("terminationGracePeriodSeconds: 390", "terminationGracePeriodSeconds: 60", "before its own grace"),
    ("kubernetes.io/metadata.name: keda", "kubernetes.io/metadata.name: kede", "does not hear KEDA"),
    ("targetPort: http", "targetPort: web", "leads to `web`"),
    ("replicas: 1\n", "replicas: one\n", "one"),
    ("name: optimus-worker\n  namespace", "name: worker\n  namespace", "nobody makes the account"),
];

/// The same for the queue in PostgreSQL.
const POSTGRES_MISTAKES: [(&str, &str, &str); 4] = [
    ("targetQueryValue:", "targetQueryVale:", "targetQueryVale"),
    ("parameter: connection", "parameter: conection", "is not one of"),
    ("outstanding('bash')", "outstanding('dash')", "looks at"),
    ("port: 5432", "port: 5433", "may not call postgres"),
];

/// All of it.
pub(crate) fn k8s(root: &Path) -> anyhow::Result<()> {
    let tools = Tools::ready(root)?;
    let built = build(root, &tools)?;
    let files: Vec<&Path> = built.iter().map(PathBuf::as_path).collect();
    run(&mut tools.check(&["manifests", KUBERNETES], &files))?;
    mistakes(&tools, built.last().context("no overlay")?, &MISTAKES)?;
    monitoring(root, &tools)?;
    let workers = root.join("k8s/workers");
    run(render(root, &tools, &workers)?.arg("--check"))?;
    postgres(root, &tools)?;
    // Its workers run also where boxes get no cgroup.
    live::commands_of(root, &tools, &tools.built("native-userns"))
}

/// Every overlay, and every component by itself; the prod overlay is the last.
fn build(root: &Path, tools: &Tools) -> anyhow::Result<Vec<PathBuf>> {
    let mut built = Vec::new();
    for component in COMPONENTS {
        let dir = tools.dir.join("with").join(component);
        std::fs::create_dir_all(&dir)?;
        let k8s = "../../../../k8s";
        let text = format!(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [{k8s}/base, {k8s}/workers]\n\
             components: [{k8s}/components/{component}]\n\
             sortOptions: {{order: legacy, legacySortOptions: {{orderFirst: [Namespace, RuntimeClass], orderLast: []}}}}\n"
        );
        std::fs::write(dir.join("kustomization.yaml"), text)?;
        built.push(tools.kustomize(&dir, component)?);
    }
    for overlay in OVERLAYS {
        built.push(tools.kustomize(&root.join("k8s/overlays").join(overlay), overlay)?);
    }
    Ok(built)
}

/// `optimus k8s render` into a directory.
fn render(root: &Path, tools: &Tools, out: &Path) -> anyhow::Result<Command> {
    let optimus = root.join("target/debug/optimus");
    ensure!(optimus.is_file(), "no target/debug/optimus: `cargo build -p optimus` makes it");
    let mut render = Command::new(&optimus);
    render.args(["k8s", "render", "--out"]).arg(out).arg("--plugins").arg(root.join("plugins"));
    render.arg("--state").arg(tools.dir.join("state"));
    Ok(render)
}

/// The base with the queue in PostgreSQL, and workers that are rendered for it.
fn postgres(root: &Path, tools: &Tools) -> anyhow::Result<()> {
    let dir = tools.dir.join("with/postgres");
    std::fs::create_dir_all(&dir)?;
    run(render(root, tools, &dir.join("workers"))?.args(["--queue", "postgres", "--languages", "bash"]))?;
    let k8s = "../../../../k8s";
    let text = format!(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [{k8s}/base, workers]\n\
         components: [{k8s}/components/native-unprivileged, {k8s}/components/postgres]\n\
         sortOptions: {{order: legacy, legacySortOptions: {{orderFirst: [Namespace, RuntimeClass], orderLast: []}}}}\n"
    );
    std::fs::write(dir.join("kustomization.yaml"), text)?;
    let built = tools.kustomize(&dir, "postgres")?;
    run(&mut tools.check(&["manifests", KUBERNETES], &[&built]))?;
    mistakes(tools, &built, &POSTGRES_MISTAKES)
}

/// A check that finds nothing may be one that looks at nothing.
fn mistakes(tools: &Tools, built: &Path, mistakes: &[(&str, &str, &str)]) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(built)?;
    let mut files = Vec::new();
    for (n, (right, wrong, _)) in mistakes.iter().enumerate() {
        ensure!(text.contains(right), "`{}` is nowhere in `{}`", right.trim(), built.display());
        let path = tools.dir.join(format!("mistake-{n:02}.yaml"));
        std::fs::write(&path, text.replacen(right, wrong, 1))?;
        files.push(path);
    }
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let output = tools.check(&["manifests", KUBERNETES], &files).output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    for (n, (_, wrong, word)) in mistakes.iter().enumerate() {
        let head = format!("mistake-{n:02}: ");
        let found = said.lines().any(|line| line.starts_with(&head) && line.contains(word));
        ensure!(found, "`{}` was not found, or not for the reason that it is wrong:\n{said}", wrong.trim());
    }
    say(&format!("{} mistakes, made on purpose, were found", mistakes.len()));
    Ok(())
}

/// Alerts have tests of their own; what the dashboard asks for has to be PromQL.
fn monitoring(root: &Path, tools: &Tools) -> anyhow::Result<()> {
    if !has("promtool") {
        return tools::lacking(
            "promtool",
            "alerts, their tests and the dashboard's queries",
            "apt-get install prometheus",
        );
    }
    let (from, to) = (root.join("k8s/components/monitoring"), tools.dir.join("monitoring"));
    std::fs::create_dir_all(&to)?;
    run(&mut tools.check(&["rules"], &[&from.join("rules.yaml"), &to.join("rules.yaml")]))?;
    std::fs::copy(from.join("rules_test.yaml"), to.join("rules_test.yaml"))?;
    run(Command::new("promtool").args(["check", "rules", "rules.yaml"]).current_dir(&to))?;
    run(Command::new("promtool").args(["test", "rules", "rules_test.yaml"]).current_dir(&to))?;
    let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(from.join("dashboard.json"))?)?;
    let panels = dashboard["panels"].as_array().context("the dashboard has no panels")?;
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let queries: Vec<&str> = targets.filter_map(|target| target["expr"].as_str()).collect();
    ensure!(queries.len() >= panels.len(), "a panel asks for nothing");
    let rule = |(n, query): (usize, &&str)| serde_json::json!({"record": format!("panel:{n}"), "expr": query.replace("$language", ".*")});
    let rules: Vec<Value> = queries.iter().enumerate().map(rule).collect();
    let file = to.join("dashboard.yaml");
    // JSON is YAML.
    std::fs::write(&file, serde_json::json!({"groups": [{"name": "dashboard", "rules": rules}]}).to_string())?;
    read(Command::new("promtool").args(["check", "rules"]).arg(file)).map(drop).context("a query of the dashboard's")
}
