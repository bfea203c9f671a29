//! The tools, as `tools/list` describes them.

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

pub(super) fn all() -> Vec<Tool> {
    vec![
        tool(
            "run_code",
            "Run a program once, in a sandbox without network, and get what it printed. A program that fails is a \
             result, not an error: see `verdict` (`accepted`, `runtime_error`, `time_limit_exceeded`, `compile_error`, …), \
             `exit_code`, `stderr` and `compile_output`.",
            &with_program(&json!({
                "stdin": {"type": "string", "description": "What the program reads"},
                "args": {"type": "array", "items": {"type": "string"}, "description": "Arguments for the program"},
                "timeout_ms": TIMEOUT.schema(),
                "memory_mb": MEMORY.schema(),
            })),
            &["language"],
        ),
        tool(
            "run_tests",
            "Judge a program by tests: each has an input and the output that is expected. The program is compiled once, \
             and each test runs by itself. The answer has a verdict for each test.",
            &with_program(&json!({
                "tests": {"type": "array", "minItems": 1, "items": test()},
                "compare": {
                    "description": "How outputs are compared: `trimmed` (the default) ignores white space at the ends of \
                        lines and of the output; `exact`, `tokens`, `lines`, `unordered`; or an object, such as \
                        {\"floats\": {\"absolute\": 1e-6}}",
                    "type": ["string", "object"],
                },
                "stop_at_first_failure": {"type": "boolean", "description": "Skip the tests after the first that fails"},
                "timeout_ms": TIMEOUT.schema(),
                "memory_mb": MEMORY.schema(),
            })),
            &["language", "tests"],
        ),
        tool(
            "judge_problem",
            "Judge a program by a problem that is stored on the server, with the problem's own tests, limits and checker.",
            &with_program(&json!({
                "problem": {"type": "string", "description": "The problem's name, `sha256:…`, as the server gave it"},
            })),
            &["problem", "language"],
        ),
        tool(
            "list_languages",
            "List the languages that programs may be written in, with the versions that are here.",
            &json!({}),
            &[],
        )
        .with_annotations(hints(true)),
    ]
}

fn tool(name: &'static str, description: &'static str, properties: &Value, required: &[&str]) -> Tool {
    let schema = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    let Value::Object(schema) = schema else { return Tool::default() };
    Tool::new(name, description, Arc::<JsonObject>::new(schema)).with_annotations(hints(false))
}

/// A program changes nothing outside of its box, and reaches nothing.
fn hints(is_read_only: bool) -> ToolAnnotations {
    ToolAnnotations::new().read_only(is_read_only).destructive(false).idempotent(is_read_only).open_world(false)
}

/// A limit that a caller may set.
struct Limit(&'static str);

const TIMEOUT: Limit = Limit("How long it may run, in ms, by the clock and in CPU time");
const MEMORY: Limit = Limit("How much memory it may use, in MiB");

impl Limit {
    fn schema(&self) -> Value {
        json!({"type": "integer", "minimum": 1, "description": self.0})
    }
}

fn test() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "stdin": {"type": "string"},
            "expected_output": {
                "type": "string",
                "description": "Without it the program only has to end with code 0",
            },
            "args": {"type": "array", "items": {"type": "string"}},
        },
        "additionalProperties": false,
    })
}

/// These properties, and those of every program.
fn with_program(own: &Value) -> Value {
    let mut all = json!({
        "language": {"type": "string", "description": "An id or alias that `list_languages` has"},
        "code": {"type": "string", "description": "The program, when it is one file; else `files`"},
        "files": {
            "type": "array",
            "description": "The program's files; the first is the one to start with",
            "items": {
                "type": "object",
                "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
                "required": ["path", "content"],
                "additionalProperties": false,
            },
        },
        "options": {"type": "object", "description": "Options of the language, such as compiler flags"},
    });
    if let (Some(all), Some(own)) = (all.as_object_mut(), own.as_object()) {
        all.extend(own.clone());
    }
    all
}
