//! The obedient guest of `tests/guests`, built once a target, with a test's orders written into it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use optimus_core::Limits;
use optimus_plugin::{Catalogue, Config, PlanRequest, Plugin, RequestFile, load_file};
use serde_json::{Value, json};
use tempfile::TempDir;

const MARKER: &[u8] = b"<<orders>>";
const SIZE: usize = 32 << 10;

/// Without WASI, as plugins are built.
pub(crate) fn wasm(orders: &Value) -> Option<Vec<u8>> {
    static BUILT: OnceLock<Result<Vec<u8>, String>> = OnceLock::new();
    let component = BUILT.get_or_init(|| {
        let module = build("wasm32-unknown-unknown")?;
        let encoder = wit_component::ComponentEncoder::default().validate(true).module(&module);
        encoder.and_then(|mut encoder| encoder.encode()).map_err(|error| format!("{error:#}"))
    });
    ordered(component.as_ref(), orders)
}

/// With WASI, as other toolchains build them.
pub(crate) fn wasi_wasm(orders: &Value) -> Option<Vec<u8>> {
    static BUILT: OnceLock<Result<Vec<u8>, String>> = OnceLock::new();
    ordered(BUILT.get_or_init(|| build("wasm32-wasip2")).as_ref(), orders)
}

fn build(target: &str) -> Result<Vec<u8>, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests/puppet");
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("puppet");
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--locked", "--target", target, "--target-dir"])
        .arg(&out)
        .current_dir(&source)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("no puppet for {target}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    std::fs::read(out.join(target).join("release/puppet.wasm")).map_err(|error| error.to_string())
}

fn ordered(component: Result<&Vec<u8>, &String>, orders: &Value) -> Option<Vec<u8>> {
    let mut wasm = match component {
        Ok(component) => component.clone(),
        Err(why) => {
            optimus_testing::skip(why);
            return None;
        }
    };
    let mut all = defaults();
    merge(&mut all, orders);
    let mut text = serde_json::to_vec(&all).unwrap();
    assert!(text.len() <= SIZE);
    text.resize(SIZE, b' ');
    let at = wasm.windows(MARKER.len()).position(|window| window == MARKER).expect("the marker is in the file");
    wasm[at..at + SIZE].copy_from_slice(&text);
    Some(wasm)
}

/// A plugin that nobody could find fault with.
fn defaults() -> Value {
    json!({
        "descriptor": {
            "id": "toy", "name": "Toy", "version": "0.3.1", "aliases": ["t"], "extensions": ["toy"],
            "images": ["toy:1", "toy:2"], "probe": ["toy", "--version"], "install-hint": "install toy",
            "time-multiplier": 1.0, "memory-multiplier": 1.0, "minimum": {},
        },
        "plan": {
            "image": "toy:1",
            "compile": [{"name": "compile", "argv": ["toyc", "main.toy"], "collect": ["main"]}],
            "run": {"name": "run", "argv": ["./main"], "env": [["MODE", "run"]]},
            "comparer": "trimmed",
        },
    })
}

/// Objects are merged, `null` removes, everything else replaces.
fn merge(base: &mut Value, patch: &Value) {
    match (base, patch) {
        (Value::Object(base), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, patch) => *base = patch.clone(),
    }
}

/// Two directories, and a catalogue over them.
pub(crate) struct Place {
    pub(crate) dir: TempDir,
    pub(crate) config: Config,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().unwrap();
        std::fs::create_dir(dir.path().join("plugins")).unwrap();
        let mut config = Config::new(dir.path().join("plugins"), dir.path().join("cache"));
        config.plan_deadline = std::time::Duration::from_millis(200);
        config.describe_deadline = std::time::Duration::from_millis(500);
        config.check_deadline = std::time::Duration::from_millis(500);
        Self { dir, config }
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.config.dir.join(file)
    }

    /// As installers do it: under another name first.
    pub(crate) fn put(&self, file: &str, wasm: &[u8]) {
        let part = self.path(&format!(".{file}"));
        std::fs::write(&part, wasm).unwrap();
        std::fs::rename(part, self.path(file)).unwrap();
    }

    pub(crate) fn open(&self) -> Arc<Catalogue> {
        Catalogue::open(self.config.clone()).unwrap()
    }

    /// Puts bytes through the load gate.
    pub(crate) fn load(&self, wasm: &[u8]) -> Result<Arc<Plugin>, optimus_plugin::PluginError> {
        self.put("x.wasm", wasm);
        load_file(&self.path("x.wasm"), &self.config).map(|loaded| loaded.plugin)
    }
}

pub(crate) fn request() -> PlanRequest {
    PlanRequest {
        files: vec![RequestFile { path: "main.toy".into(), size: 3, head: Bytes::from_static(b"x=1") }],
        entry: None,
        args: Vec::new(),
        options: serde_json::Map::new(),
        limits: Limits::DEFAULT,
    }
}
