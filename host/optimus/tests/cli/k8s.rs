//! `optimus k8s render`: what is checked in is what it renders, and what has changed is named.

use std::fs;
use std::process::Command;

use crate::support::{command, json, root, skip, stdout};

/// The plugins of the checked-in manifests, if they are built.
fn are_built() -> bool {
    let list = fs::read_to_string(root().join("k8s/workers/languages.yaml")).unwrap();
    let ids =
        list.lines().find_map(|line| line.trim().strip_prefix("languages: ")).unwrap().trim_matches('"').to_owned();
    let built = ids.split(',').all(|id| root().join(format!("plugins/{id}.wasm")).is_file());
    if !built {
        skip("no plugins: `cargo xtask plugins` builds them");
    }
    built
}

/// `optimus k8s` with every plugin of the checkout.
fn k8s(args: &[&str]) -> Command {
    let mut command = command(&[&["k8s"], args].concat());
    command.env("OPTIMUS_PLUGINS", root().join("plugins"));
    command
}

#[test]
fn what_is_checked_in_is_what_is_rendered() {
    if !are_built() {
        return;
    }
    let workers = root().join("k8s/workers");
    let output = k8s(&["render", "--check", "--out", workers.to_str().unwrap()]).output().unwrap();
    let remedy = "`optimus k8s render --languages … --out k8s/workers` writes them anew";
    assert_eq!(output.status.code(), Some(0), "{}{remedy}", stdout(&output));
}

#[test]
fn a_change_is_named_and_a_language_that_is_gone_takes_its_file_along() {
    if !are_built() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("workers");
    let render = |more: &[&str]| {
        let mut command = k8s(&["render", "--json", "--out", out.to_str().unwrap()]);
        command.args(more).output().unwrap()
    };
    assert!(json(&render(&["--languages", "bash,c"]))["written"].as_array().unwrap().iter().any(|f| f == "c.yaml"));
    assert!(render(&["--check"]).status.success());

    // Another size is another file, and so is one that somebody edited.
    let sizes = render(&["--check", "--slots", "4"]);
    assert_eq!((sizes.status.code(), &json(&sizes)["differ"]), (Some(1), &serde_json::json!(["bash.yaml", "c.yaml"])));
    let edited = fs::read_to_string(out.join("c.yaml")).unwrap().replace("maxReplicaCount: 20", "maxReplicaCount: 21");
    fs::write(out.join("c.yaml"), edited).unwrap();
    assert_eq!(json(&render(&["--check"]))["differ"], serde_json::json!(["c.yaml"]));

    fs::write(out.join("mine.yaml"), "kind: Mine\n").unwrap();
    assert!(render(&["--languages", "bash"]).status.success());
    assert!(!out.join("c.yaml").exists(), "its language is gone");
    assert!(out.join("mine.yaml").exists(), "somebody else's file stays");
    assert!(!fs::read_to_string(out.join("kustomization.yaml")).unwrap().contains("c.yaml"));

    let unknown = render(&["--languages", "bash,nothing"]);
    assert_eq!((unknown.status.code(), &json(&unknown)["error"]["code"]), (Some(2), &"unknown_language".into()));
}

#[test]
fn without_a_directory_it_goes_to_stdout() {
    if !are_built() {
        return;
    }
    let text = stdout(&k8s(&["render", "--languages", "bash", "--registry", "r.example.com"]).output().unwrap());
    for kind in
        ["Deployment", "ScaledObject", "PodDisruptionBudget", "TriggerAuthentication", "ConfigMap", "NetworkPolicy"]
    {
        assert!(text.contains(&format!("\nkind: {kind}\n")), "{kind}");
    }
    assert!(text.contains("image: r.example.com/optimus/bash:5\n"));
}
