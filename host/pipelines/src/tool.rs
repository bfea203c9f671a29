//! What a step does: the tools that `uses` can name.

use optimus_core::Invalid;
use serde_json::{Map, Value};

/// A tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Submits a job.
    Job,
    /// Begins a run of another pipeline.
    Pipeline,
    /// Sends an HTTP request.
    Http,
}

/// The name of the tool that a step uses without naming one.
pub(crate) const JOB: &str = "job";
/// A tool of other engines, which is none of this one.
const MCP: &str = "mcp";

impl Tool {
    /// The tool of a name.
    ///
    /// # Errors
    /// There is none; the field is `field`.
    pub(crate) fn named(field: &str, name: &str) -> Result<Self, Invalid> {
        Ok(match name {
            JOB => Self::Job,
            "pipeline" => Self::Pipeline,
            "http" => Self::Http,
            other => {
                let what = match other == MCP {
                    true => format!("steps that use `{other}` are not supported"),
                    false => format!("there is no tool `{}`", other.escape_debug()),
                };
                return Err(Invalid::new(field, what).hint("a step uses `job`, `pipeline` or `http`"));
            }
        })
    }

    /// Checks what can be seen of a tool's arguments before they are rendered: the names of the fields. A job's are
    /// checked when it is submitted.
    ///
    /// # Errors
    /// A field that the tool does not have, or one that it needs.
    pub(crate) fn check(self, field: &str, with: &Value) -> Result<(), Invalid> {
        let Some(with) = with.as_object() else {
            return Err(Invalid::new(field, "is no object").hint(self.takes()));
        };
        let Some((needed, fields)) = self.fields() else { return Ok(()) };
        if let Some(unknown) = with.keys().find(|name| !fields.contains(&name.as_str())) {
            let invalid = Invalid::new(format!("{field}.{}", unknown.escape_debug()), "is no field of this tool");
            return Err(invalid.hint(format!("it has {}", fields.join(", "))));
        }
        match with.contains_key(needed) {
            true => self.check_together(field, with),
            false => Err(Invalid::new(format!("{field}.{needed}"), "is missing").hint(self.takes())),
        }
    }

    fn check_together(self, field: &str, with: &Map<String, Value>) -> Result<(), Invalid> {
        match with.contains_key("json") && with.contains_key("body") {
            true => Err(Invalid::new(format!("{field}.body"), "is there beside `json`").hint("send one of them")),
            false => Ok(()),
        }
    }

    /// The field that is needed, and all fields; none, where the tool checks by itself.
    fn fields(self) -> Option<(&'static str, &'static [&'static str])> {
        match self {
            Self::Job => None,
            Self::Pipeline => Some(("id", &["id", "inputs"])),
            Self::Http => Some(("url", &["url", "method", "headers", "json", "body"])),
        }
    }

    fn takes(self) -> &'static str {
        match self {
            Self::Job => "the body of POST /v1/jobs",
            Self::Pipeline => "the `id` of a pipeline and the `inputs` of its run",
            Self::Http => "a `url`, and where they are wanted `method`, `headers`, and `json` or `body`",
        }
    }
}
