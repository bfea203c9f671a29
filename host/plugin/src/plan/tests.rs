use optimus_core::plan::Collect;
use proptest::prelude::*;

use super::*;
use crate::wit::types::{EnvVar, File, Step, StepLimits};

fn step(name: &str, argv: &[&str]) -> Step {
    Step {
        name: name.to_owned(),
        argv: argv.iter().map(|&arg| arg.to_owned()).collect(),
        env: Vec::new(),
        files: Vec::new(),
        collect: Vec::new(),
        limits: StepLimits::default(),
        ext: Vec::new(),
    }
}

fn plan() -> types::Plan {
    let mut compile = step("compile", &["cc", "a"]);
    compile.collect = vec![".".to_owned()];
    types::Plan {
        image: "a:1".into(),
        compile: vec![compile],
        run: step("run", &["./a"]),
        comparer: None,
        ext: Vec::new(),
    }
}

fn descriptor() -> Descriptor {
    serde_json::from_value(serde_json::json!({
        "id": "a", "name": "A", "version": "1", "aliases": [], "extensions": ["a"], "images": ["a:1", "b:1"],
        "probe": ["a"], "install_hint": "", "time_multiplier": 1.0, "memory_multiplier": 1.0, "minimum": {},
        "options_schema": null, "judge0_ids": [], "piston_names": [], "samples": [],
    }))
    .unwrap()
}

fn check_with(plan: types::Plan, images: &ImagePolicy, has_checker: bool) -> Result<Plan, InvalidField> {
    check(plan, &PlanRules { descriptor: &descriptor(), images, has_checker })
}

/// The field that a changed plan is refused for.
fn refused(change: impl FnOnce(&mut types::Plan)) -> String {
    let mut plan = plan();
    change(&mut plan);
    let error = check_with(plan, &ImagePolicy::default(), false).unwrap_err();
    assert!(error.hint.is_some(), "{error}");
    error.field
}

#[test]
fn a_good_plan_is_taken_whole() {
    let mut plan = plan();
    plan.run.limits.memory_kib = Some(2);
    plan.ext.push(("future".into(), "1".into()));
    let checked = check_with(plan, &ImagePolicy::new(["a:*"]), false).unwrap();
    assert_eq!(checked.compile[0].collect, [Collect::All]);
    assert_eq!(checked.run.limits.memory_bytes, Some(2048));
}

#[test]
fn the_operator_has_the_last_word_on_images() {
    let error = check_with(plan(), &ImagePolicy::new(["b:*"]), false).unwrap_err();
    assert!(error.message.contains("among the images that this server allows (b:*)"), "{error}");
    assert_eq!(refused(|plan| plan.image = "c:1".into()), "image");
}

#[test]
fn a_custom_comparer_needs_a_checker() {
    let custom = || types::Plan { comparer: Some(types::Comparer::Custom), ..plan() };
    assert_eq!(check_with(custom(), &ImagePolicy::default(), true).unwrap().comparer, Some(Comparer::Custom));
    assert_eq!(check_with(custom(), &ImagePolicy::default(), false).unwrap_err().field, "comparer");
    let program = types::Comparer::Program(step("check", &["cmp"]));
    assert_eq!(refused(|plan| plan.comparer = Some(program)), "comparer");
    assert_eq!(refused(|plan| plan.comparer = Some(types::Comparer::Floats((-1.0, 0.0)))), "comparer");
    assert_eq!(refused(|plan| plan.comparer = Some(types::Comparer::Regex("(".into()))), "comparer");
}

#[test]
fn comparers_that_came_after_the_contract_are_named_as_in_a_job() {
    let other = |name: &str, options: &str| {
        let comparer = Some(types::Comparer::Other((name.into(), options.into())));
        check_with(types::Plan { comparer, ..plan() }, &ImagePolicy::default(), false).map(|plan| plan.comparer)
    };
    let named = |json| Some(serde_json::from_value::<Comparer>(json).unwrap());
    assert_eq!(other("testlib", "\"wcmp\"").unwrap(), named(serde_json::json!({"testlib": "wcmp"})));
    assert_eq!(other("kattis", "{}").unwrap(), named(serde_json::json!({"kattis": {}})));
    assert_eq!(other("judge0", "").unwrap(), named(serde_json::json!("judge0")));
    for (name, options) in [("testlib", "\"xcmp\""), ("kattis", "{"), ("custom", ""), ("program", "{}")] {
        assert_eq!(other(name, options).unwrap_err().field, "comparer", "{name}");
    }
}

#[test]
fn everything_has_a_cap() {
    let many = |n: usize| vec!["x".to_owned(); n];
    let file = |path: String, bytes: usize| File { path, executable: false, content: vec![0; bytes] };
    let env = |n: usize| (0..n).map(|i| EnvVar { name: format!("V{i}"), value: String::new() }).collect::<Vec<_>>();
    assert_eq!(refused(|plan| plan.compile = vec![step("x", &["x"]); 16]), "compile");
    assert_eq!(refused(|plan| plan.run.argv = many(1025)), "run.argv");
    assert_eq!(refused(|plan| plan.run.argv = vec!["x".repeat(128 << 10), "y".into()]), "run.argv");
    assert_eq!(refused(|plan| plan.run.env = env(65)), "run.env");
    assert_eq!(refused(|plan| plan.compile[0].collect = many(257)), "compile[0].collect");
    assert_eq!(refused(|plan| plan.run.files = (0..65).map(|i| file(i.to_string(), 0)).collect()), "run.files");
    // The cap on bytes is the plan's, not a step's.
    assert_eq!(
        refused(|plan| {
            plan.compile[0].files = vec![file("a".into(), 1 << 19)];
            plan.run.files = vec![file("b".into(), (1 << 19) + 1)];
        }),
        "run.files"
    );
    assert_eq!(refused(|plan| plan.run.name = "x".repeat(33)), "run.name");
}

#[test]
fn names_that_could_lead_astray_are_refused() {
    let env = |name: &str| refused(|plan| plan.run.env = vec![EnvVar { name: name.into(), value: String::new() }]);
    for name in ["LD_PRELOAD", "LD_AUDIT", "GLIBC_TUNABLES", "BASH_ENV", "OPTIMUS_X", "1A", "A=B", "", "A B", "é"] {
        assert_eq!(env(name), "run.env[0].name", "{name}");
    }
    let twice = || vec![EnvVar { name: "A".into(), value: "1".into() }, EnvVar { name: "A".into(), value: "2".into() }];
    assert_eq!(refused(|plan| plan.run.env = twice()), "run.env[1].name");
    let nul = EnvVar { name: "A".into(), value: "\0".into() };
    assert_eq!(refused(|plan| plan.run.env = vec![nul]), "run.env[0].value");
    for name in ["", "a b", "../x", "a\n"] {
        assert_eq!(refused(|plan| plan.run.name = name.into()), "run.name");
    }
}

#[test]
fn paths_stay_in_the_work_area_and_apart() {
    let files = |paths: &[&str]| {
        let file = |path: &&str| File { path: (*path).to_owned(), executable: false, content: Vec::new() };
        let files = paths.iter().map(file).collect();
        refused(|plan| plan.run.files = files)
    };
    for path in ["/x", "../x", "a/../x", "", "a//b", "a\\b", "a\0"] {
        assert_eq!(files(&[path]), "run.files[0].path", "{path:?}");
    }
    assert_eq!(files(&["a", "a"]), "run.files[1].path");
    assert_eq!(files(&["a", "a/b"]), "run.files[1].path");
    assert_eq!(files(&["a/b", "ab", "a"]), "run.files[2].path");
    assert_eq!(refused(|plan| plan.run.collect = vec!["a".into()]), "run.collect");
    assert_eq!(refused(|plan| plan.compile[0].collect = vec!["..".into()]), "compile[0].collect[0]");
}

fn any_step() -> impl Strategy<Value = Step> {
    let pairs = || prop::collection::vec(("\\PC{0,12}|[A-Z_]{1,8}", ".{0,8}"), 0..4);
    let paths = || prop::collection::vec("[a-c./\\\\\u{0}]{0,6}", 0..4);
    let limit = prop::option::of(0_u32..3);
    (".{0,8}|[a-z]{1,8}", prop::collection::vec(".{0,8}", 0..4), pairs(), paths(), paths(), limit).prop_map(
        |(name, argv, env, files, collect, cpu_ms)| Step {
            name,
            argv,
            env: env.into_iter().map(|(name, value)| EnvVar { name, value }).collect(),
            files: files.into_iter().map(|path| File { path, executable: true, content: vec![1] }).collect(),
            collect,
            limits: StepLimits { cpu_ms, ..StepLimits::default() },
            ext: Vec::new(),
        },
    )
}

proptest! {
    #[test]
    fn whatever_is_taken_is_safe(
        image in "a:1|b:1|.{0,8}",
        compile in prop::collection::vec(any_step(), 0..4),
        run in any_step(),
    ) {
        let plan = types::Plan { image, compile, run, comparer: None, ext: Vec::new() };
        match check_with(plan, &ImagePolicy::default(), false) {
            Err(error) => prop_assert!(error.hint.is_some() && !error.field.is_empty()),
            Ok(plan) => {
                prop_assert!(["a:1", "b:1"].contains(&plan.image.as_str()));
                prop_assert!(plan.run.collect.is_empty());
                for step in plan.compile.iter().chain([&plan.run]) {
                    prop_assert!(!step.argv[0].is_empty());
                    prop_assert!(step.argv.iter().all(|arg| !arg.contains('\0')));
                    prop_assert!(step.env.iter().all(|(name, _)| !name.starts_with("LD_") && !name.contains('=')));
                    prop_assert!(step.limits.cpu_ms != Some(0));
                    for file in &step.files {
                        prop_assert!(file.path.as_str().split('/').all(|part| !["", ".", ".."].contains(&part)));
                    }
                }
            }
        }
    }
}
