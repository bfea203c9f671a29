//! A plan as an enemy would have a plugin return it: it is refused with advice, or keeps every rule.
//!
//! Lines of a word and the rest: `image`, `step` (what follows is the next compile step's), `run`, `argv`, `env NAME=VALUE`,
//! `file PATH=CONTENT`, `collect`, the names of limits, `comparer`, `ext KEY=VALUE`.

use std::sync::LazyLock;

use optimus_core::{Descriptor, Plan, Step};
use optimus_plugin::ImagePolicy;
use optimus_plugin::fuzzing::{PlanRules, check, types};

static DESCRIPTOR: LazyLock<Descriptor> = LazyLock::new(|| {
    let descriptor = serde_json::json!({
        "id": "a", "name": "A", "version": "1", "aliases": [], "extensions": ["a"], "images": ["a:1", "b:1"],
        "probe": ["a"], "install_hint": "", "time_multiplier": 1.0, "memory_multiplier": 1.0, "minimum": {},
        "options_schema": null, "judge0_ids": [], "piston_names": [], "samples": [],
    });
    serde_json::from_value(descriptor).expect("a descriptor")
});

/// Reads a plan and has it checked.
pub fn fuzz(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let images = ImagePolicy::new(["a:*"]);
    let terms = PlanRules { descriptor: &DESCRIPTOR, images: &images, has_checker: text.len().is_multiple_of(2) };
    match check(read(text), &terms) {
        Ok(plan) => holds(&plan),
        Err(error) => {
            assert!(error.hint.is_some(), "{error}");
            let said = error.to_string();
            assert!(said.len() < 4 << 10 && !said.chars().any(char::is_control), "{said:?}");
        }
    }
}

fn read(text: &str) -> types::Plan {
    let mut plan =
        types::Plan { image: "a:1".to_owned(), compile: vec![], run: step("run"), comparer: None, ext: vec![] };
    for line in text.split('\n') {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let own = || rest.to_owned();
        let pair = || rest.split_once('=').map_or((own(), String::new()), |(a, b)| (a.to_owned(), b.to_owned()));
        match word {
            "image" => plan.image = own(),
            "step" => plan.compile.push(step(rest)),
            "comparer" => plan.comparer = comparer(rest),
            "ext" => plan.ext.push(pair()),
            "run" => plan.run.argv.push(own()),
            _ => say(plan.compile.last_mut().unwrap_or(&mut plan.run), word, rest, pair()),
        }
    }
    plan
}

fn say(step: &mut types::Step, word: &str, rest: &str, (name, value): (String, String)) {
    let limit = rest.parse().ok();
    let limits = &mut step.limits;
    match word {
        "argv" => step.argv.push(rest.to_owned()),
        "env" => step.env.push(types::EnvVar { name, value }),
        "file" => step.files.push(types::File { path: name, executable: value.is_empty(), content: value.into() }),
        "collect" => step.collect.push(rest.to_owned()),
        "cpu" => limits.cpu_ms = limit,
        "wall" => limits.wall_ms = limit,
        "memory" => limits.memory_kib = limit,
        "output" => limits.output_kib = limit,
        "processes" => limits.processes = limit,
        "files" => limits.open_files = limit,
        "size" => limits.file_kib = limit,
        "work" => limits.work_kib = limit,
        "note" => step.ext.push((name, value)),
        _ => {}
    }
}

fn step(name: &str) -> types::Step {
    let limits = types::StepLimits::default();
    let name = name.to_owned();
    types::Step { name, argv: vec![], env: vec![], files: vec![], collect: vec![], limits, ext: vec![] }
}

fn comparer(text: &str) -> Option<types::Comparer> {
    let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
    Some(match name {
        "" => return None,
        "exact" => types::Comparer::Exact,
        "custom" => types::Comparer::Custom,
        "floats" => types::Comparer::Floats((rest.parse().unwrap_or(f64::NAN), 0.0)),
        "regex" => types::Comparer::Regex(rest.to_owned()),
        "program" => types::Comparer::Program(step(rest)),
        name => types::Comparer::Other((name.to_owned(), rest.to_owned())),
    })
}

/// The properties that the executor of a plan relies on.
fn holds(plan: &Plan) {
    assert_eq!(plan.image, "a:1", "of those that are declared, the server allows one");
    assert!(plan.compile.len() < 16 && plan.run.collect.is_empty());
    let files = plan.compile.iter().chain([&plan.run]).flat_map(|step| &step.files);
    assert!(files.map(|file| file.content.len()).sum::<usize>() <= 1 << 20);
    plan.compile.iter().chain([&plan.run]).for_each(step_holds);
    if let Some(comparer) = &plan.comparer {
        assert_eq!(comparer.check(), Ok(()));
    }
}

fn step_holds(step: &Step) {
    assert!(!step.argv[0].is_empty() && step.argv.iter().all(|arg| !arg.contains('\0')), "{step:?}");
    for (name, value) in &step.env {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        assert!(plain && !name.is_empty() && !value.contains('\0'), "{step:?}");
        assert!(!name.starts_with("LD_") && !name.starts_with("OPTIMUS_") && name != "BASH_ENV", "{step:?}");
    }
    for file in &step.files {
        let path = file.path.as_str();
        assert!(
            path.split('/').all(|part| !matches!(part, "" | "." | "..")) && !path.contains(['\0', '\\']),
            "{path:?}"
        );
    }
    let limits = &step.limits;
    let all = [limits.cpu_ms, limits.wall_ms, limits.memory_bytes, limits.output_bytes, limits.processes];
    let all = all.into_iter().chain([limits.open_files, limits.file_bytes, limits.work_bytes]);
    assert!(all.flatten().all(|limit| limit > 0), "{step:?}");
}
