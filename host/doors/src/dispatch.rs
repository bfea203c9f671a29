//! Which door a request is for: by its path on the server's main address, or by the address that it came to.

use std::fmt;
use std::str::FromStr;

use axum::Router;
use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use tower::ServiceExt as _;

use crate::admission::PathKey;
use crate::code_judge;
use crate::dify;
use crate::fastapi;
use crate::fusion;
use crate::go_judge;
use crate::jobe;
use crate::judge0::{self, Memory};
use crate::mcp;
use crate::nemo;
use crate::open_instruct;
use crate::piston;
use crate::shared::Shared;
use crate::store::FileStore;

/// A protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Judge0 CE 1.13.
    Judge0,
    /// Piston v2.
    Piston,
    /// SandboxFusion.
    Fusion,
    /// go-judge.
    GoJudge,
    /// code-judge.
    CodeJudge,
    /// dify-sandbox.
    Dify,
    /// Jobe, the server of Moodle's CodeRunner.
    Jobe,
    /// NeMo-Skills.
    NemoSkills,
    /// open-instruct's code API.
    OpenInstruct,
    /// The Model Context Protocol.
    Mcp,
}

impl Door {
    /// Every door.
    pub const ALL: [Self; 10] = [
        Self::Judge0,
        Self::Piston,
        Self::Fusion,
        Self::GoJudge,
        Self::CodeJudge,
        Self::Dify,
        Self::Jobe,
        Self::NemoSkills,
        Self::OpenInstruct,
        Self::Mcp,
    ];

    /// Its name in paths and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Judge0 => "judge0",
            Self::Piston => "piston",
            Self::Fusion => "fusion",
            Self::GoJudge => "go-judge",
            Self::CodeJudge => "code-judge",
            Self::Dify => "dify",
            Self::Jobe => "jobe",
            Self::NemoSkills => "nemo-skills",
            Self::OpenInstruct => "open-instruct",
            Self::Mcp => "mcp",
        }
    }

    fn router(self, shared: &Shared, memory: &Memory, files: &FileStore) -> Router {
        match self {
            Self::Judge0 => judge0::router(shared, memory.clone()),
            Self::Piston => piston::router(shared),
            Self::Fusion => fusion::router(shared),
            Self::GoJudge => go_judge::router(shared, files),
            Self::CodeJudge => code_judge::router(shared),
            Self::Dify => dify::router(shared),
            Self::Jobe => jobe::router(shared, files),
            Self::NemoSkills => nemo::router(shared),
            Self::OpenInstruct => open_instruct::router(shared),
            Self::Mcp => mcp::router(shared),
        }
    }

    /// An error in this door's shape.
    pub fn error(self, status: StatusCode, message: &str) -> Response {
        match self {
            Self::Judge0 => judge0::error(status, message),
            Self::Piston => piston::error(status, message),
            Self::Fusion | Self::CodeJudge | Self::OpenInstruct => fastapi::errors::error(status, message),
            Self::GoJudge => go_judge::error(status, message),
            Self::Dify => dify::error(status, message),
            Self::Jobe => jobe::error(status, message),
            Self::NemoSkills => nemo::error(status, message),
            Self::Mcp => mcp::error(status, message),
        }
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Door {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::as_str).join(", ");
        let unknown = || format!("there is no door `{}`; known are {}", name.escape_debug(), known());
        Self::ALL.into_iter().find(|door| door.as_str() == name).ok_or_else(unknown)
    }
}

/// All doors of a server.
#[derive(Clone)]
pub struct Doors {
    routers: [Router; Door::ALL.len()],
}

impl Doors {
    /// None of them is open yet: the server decides which requests reach [`Doors::answer`].
    pub fn new(shared: &Shared, memory: &Memory, files: &FileStore) -> Self {
        Self { routers: Door::ALL.map(|door| door.router(shared, memory, files)) }
    }

    /// The door that a path of the main address names: `/doors/NAME/…`.
    ///
    /// # Errors
    /// There is no such door.
    pub fn of_path(path: &str) -> Result<Door, String> {
        path.strip_prefix(PREFIX).unwrap_or_default().split('/').next().unwrap_or_default().parse()
    }

    /// Answers a request, whose path may begin with `/doors/NAME` and `/key/KEY`.
    pub async fn answer(&self, door: Door, mut request: Request) -> Response {
        let (path, key) = inner_path(door, request.uri().path());
        let Some(uri) = with_path(request.uri(), &path) else {
            return door.error(StatusCode::BAD_REQUEST, "the path cannot be read");
        };
        *request.uri_mut() = uri;
        request.extensions_mut().insert(PathKey(key));
        let router = Door::ALL.iter().zip(&self.routers).find(|(own, _)| **own == door).map(|(_, router)| router);
        match router {
            Some(router) => router.clone().oneshot(request).await.into_response(),
            None => door.error(StatusCode::NOT_FOUND, "not found"),
        }
    }
}

const PREFIX: &str = "/doors/";

/// The path as the door's engine has it, and the key that stood in it. Clients add slashes at the end.
fn inner_path(door: Door, path: &str) -> (String, Option<String>) {
    let own = path.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(door.as_str()));
    let path = own.filter(|rest| rest.is_empty() || rest.starts_with('/')).unwrap_or(path);
    let (path, key) = match path.strip_prefix("/key/") {
        Some(rest) => {
            let (key, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            (rest, Some(key.to_owned()))
        }
        None => (path, None),
    };
    let path = path.trim_end_matches('/');
    (if path.is_empty() { "/".to_owned() } else { path.to_owned() }, key)
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::from_str(&text).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_the_route_of_the_engine() {
        let inner = |path: &str| inner_path(Door::Judge0, path);
        for (path, wanted, key) in [
            ("/submissions", "/submissions", None),
            ("/submissions/", "/submissions", None),
            ("/", "/", None),
            ("/doors/judge0", "/", None),
            ("/doors/judge0/submissions/batch//", "/submissions/batch", None),
            ("/doors/judge0/key/opt_1/about", "/about", Some("opt_1")),
            ("/key/opt_1", "/", Some("opt_1")),
            ("/doors/judge0x/about", "/doors/judge0x/about", None),
        ] {
            assert_eq!(inner(path), (wanted.to_owned(), key.map(str::to_owned)), "{path}");
        }
    }

    #[test]
    fn a_door_that_is_not_there_is_named_with_those_that_are() {
        let error = "judge1".parse::<Door>().unwrap_err();
        assert!(error.contains("`judge1`") && error.contains("judge0"), "{error}");
        for door in Door::ALL {
            assert_eq!(door.as_str().parse(), Ok(door));
        }
    }
}
