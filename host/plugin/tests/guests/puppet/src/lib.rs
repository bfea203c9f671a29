//! A plugin that does what it is told, good or bad. Its orders are JSON in a static that the tests overwrite in the
//! built file, so that one build plays every part.

use std::collections::HashMap;

use serde_json::Value;

mod wit {
    wit_bindgen::generate!({ path: "../../../../../sdk/wit", world: "plugin-with-all", generate_all });
}

use wit::exports::optimus::plugin::{checker, classify, language};
use wit::optimus::plugin::log::{Level, write};
use wit::optimus::plugin::types::*;

const SIZE: usize = 32 << 10;
/// Not zeros: those would not be in the file.
static ORDERS: [u8; SIZE] = {
    let mut orders = [b' '; SIZE];
    let marker = *b"<<orders>>";
    let mut i = 0;
    while i < marker.len() {
        orders[i] = marker[i];
        i += 1;
    }
    orders
};

struct Puppet;
wit::export!(Puppet with_types_in wit);

fn orders() -> Value {
    let text = core::hint::black_box(&ORDERS);
    serde_json::from_slice(&text[..]).unwrap_or(Value::Null)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}

fn number(value: &Value) -> Option<u32> {
    value.as_u64().map(|number| number as u32)
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    value.as_array().into_iter().flatten().map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

fn limits(value: &Value) -> StepLimits {
    StepLimits {
        cpu_ms: number(&value["cpu"]),
        wall_ms: None,
        memory_kib: number(&value["memory"]),
        output_kib: None,
        processes: None,
        open_files: None,
        file_kib: None,
        work_kib: None,
    }
}

fn step(value: &Value) -> Step {
    let env = |(name, value)| EnvVar { name, value };
    let file = |(path, content): (String, String)| File { path, executable: false, content: content.into_bytes() };
    Step {
        name: text(&value["name"]),
        argv: texts(&value["argv"]),
        env: pairs(&value["env"]).into_iter().map(env).collect(),
        files: pairs(&value["files"]).into_iter().map(file).collect(),
        collect: texts(&value["collect"]),
        limits: limits(&value["limits"]),
        ext: pairs(&value["ext"]),
    }
}

/// Recursion that the compiler cannot flatten.
#[inline(never)]
fn recurse(depth: u64) -> u64 {
    if core::hint::black_box(depth) == u64::MAX { 0 } else { recurse(depth + 1) + core::hint::black_box(1) }
}

/// Forbidden behaviour, by name.
fn misbehave(order: &str) {
    match order {
        "loop" => loop {
            core::hint::black_box(0);
        },
        "log" => loop {
            write(Level::Error, "noise");
        },
        "allocate" => {
            let mut kept = Vec::new();
            loop {
                kept.push(core::hint::black_box(vec![1_u8; 1 << 20]));
            }
        }
        "recurse" => {
            core::hint::black_box(recurse(0));
        }
        "sleep" => std::thread::sleep(std::time::Duration::from_secs(3600)),
        "panic" => panic!("the strings are tangled"),
        _ => {}
    }
}

fn hook() {
    // On WASI the standard library writes the text to stderr by itself.
    #[cfg(not(target_os = "wasi"))]
    std::panic::set_hook(Box::new(|info| write(Level::Error, &info.to_string())));
}

impl language::Guest for Puppet {
    fn describe() -> Descriptor {
        hook();
        let orders = orders();
        misbehave(&text(&orders["describe"]));
        let said = &orders["descriptor"];
        Descriptor {
            id: text(&said["id"]),
            // What nobody could show.
            install_hint: if orders["describe"] == "flood" { "x".repeat(32 << 20) } else { text(&said["install-hint"]) },
            name: text(&said["name"]),
            version: text(&said["version"]),
            aliases: texts(&said["aliases"]),
            extensions: texts(&said["extensions"]),
            images: texts(&said["images"]),
            probe: texts(&said["probe"]),
            time_multiplier: said["time-multiplier"].as_f64().unwrap_or(f64::NAN),
            memory_multiplier: said["memory-multiplier"].as_f64().unwrap_or(f64::NAN),
            minimum: limits(&said["minimum"]),
            options_schema: said["options-schema"].as_str().map(str::to_owned),
            judge0_ids: Vec::new(),
            piston_names: Vec::new(),
            samples: Vec::new(),
            ext: pairs(&said["ext"]),
        }
    }

    fn plan(request: Request) -> Result<Plan, Error> {
        hook();
        let orders = orders();
        misbehave(&text(&orders["do"]));
        let message = text(&orders["message"]);
        match orders["refuse"].as_str() {
            Some("bad-source") => return Err(Error::BadSource(message)),
            Some("bad-options") => return Err(Error::BadOptions(message)),
            Some("unsupported") => return Err(Error::Unsupported(message)),
            Some(other) => return Err(Error::Other((other.to_owned(), message))),
            None => {}
        }
        let said = &orders["plan"];
        let mut run = step(&said["run"]);
        match orders["do"].as_str() {
            Some("giant") => run.argv = vec!["x".repeat(1 << 20); 20],
            Some("echo") => run.argv.extend(echo(&request)),
            Some("world") => run.argv.extend(world()),
            _ => {}
        }
        Ok(Plan {
            image: text(&said["image"]),
            compile: said["compile"].as_array().into_iter().flatten().map(step).collect(),
            run,
            comparer: comparer(&said["comparer"]),
            ext: pairs(&said["ext"]),
        })
    }
}

fn comparer(value: &Value) -> Option<Comparer> {
    Some(match value.as_str()? {
        "trimmed" => Comparer::Trimmed,
        "custom" => Comparer::Custom,
        "regex" => Comparer::Regex(".*".into()),
        "floats" => Comparer::Floats((f64::NAN, 0.0)),
        other => Comparer::Other((other.to_owned(), "{}".into())),
    })
}

/// The request, to be compared with what the host sent.
fn echo(request: &Request) -> Vec<String> {
    let files = request.files.iter().map(|file| format!("{}:{}:{}", file.path, file.size, file.head.len()));
    let asked = [request.entry.clone().unwrap_or_default(), request.options.clone(), request.limits.cpu_ms.to_string()];
    files.chain(request.args.clone()).chain(asked).collect()
}

/// Whatever might differ from call to call.
fn world() -> Vec<String> {
    let map: HashMap<u32, u32> = (0..100).map(|i| (i, i)).collect();
    #[cfg_attr(not(target_os = "wasi"), expect(unused_mut, reason = "only WASI has more to show"))]
    let mut world = vec![format!("{:?}", map.keys().collect::<Vec<_>>())];
    #[cfg(target_os = "wasi")]
    {
        world.push(format!("{:?}", std::time::SystemTime::now()));
        world.push(format!("{:?}", std::env::vars().collect::<Vec<_>>()));
        world.push(format!("{:?}", std::env::args().collect::<Vec<_>>()));
        world.push(format!("{:?}", std::fs::read_dir("/").map(|_| ()).map_err(|e| e.kind())));
    }
    world
}

impl classify::Guest for Puppet {
    fn diagnostics(outcome: Outcome) -> Vec<Diagnostic> {
        let line = |line: &str| Diagnostic {
            path: outcome.step.clone(),
            line: 1,
            column: 0,
            severity: "fatal".into(),
            message: line.to_owned(),
            code: outcome.limit.clone(),
        };
        String::from_utf8_lossy(&outcome.stderr_tail).lines().map(line).collect()
    }

    fn refine(_: Outcome) -> Option<String> {
        orders()["refine"].as_str().map(str::to_owned)
    }
}

impl checker::Guest for Puppet {
    fn check(input: &checker::Blob, expected: &checker::Blob, actual: &checker::Blob) -> checker::Finding {
        hook();
        let orders = orders();
        misbehave(&text(&orders["check"]));
        let mut at = 0.0;
        let accepted = expected.size() == actual.size()
            && loop {
                let (a, b) = (expected.read(at, u32::MAX), actual.read(at, u32::MAX));
                if a.is_empty() && b.is_empty() {
                    break true;
                }
                if a != b {
                    break false;
                }
                at += a.len() as f64;
            };
        checker::Finding {
            accepted,
            score: orders["score"].as_f64(),
            message: Some(format!("{} bytes of input", input.size())),
        }
    }
}
