//! MCP, the Model Context Protocol: an agent's model runs programs and has them judged.
//!
//! One handler serves both transports: Streamable HTTP, without sessions, and lines on stdin and stdout. The crate `rmcp`
//! speaks the protocol, in the revisions with a handshake (2025-06-18 and others) and without one (2026-07-28).

mod answer;
mod arguments;
mod call;
mod progress;
mod resources;
mod stdio;
mod tools;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, Implementation, InitializeRequestParams, InitializeResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::json;

use crate::admission::{self, Manners};
use crate::engine::{Admitted, Refusal};
use crate::shared::Shared;

pub use stdio::serve as mcp_on;

/// Headers of the protocol's own that clients send.
pub const MCP_HEADERS: [&str; 4] = ["mcp-method", "mcp-name", "mcp-protocol-version", "mcp-session-id"];

pub(crate) fn router(shared: &Shared) -> Router {
    let manners = Manners { token: |_: &Request| None, refuse };
    let handler = Handler { shared: shared.clone(), caller: None };
    let sessions = Arc::new(NeverSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(handler.clone()), sessions, config(shared));
    Router::new()
        .route_service("/", service.clone())
        .route_service("/mcp", service)
        .fallback(|| async { error(StatusCode::NOT_FOUND, "not found") })
        .layer(from_fn_with_state((shared.clone(), manners), admission::admit))
}

/// Pages of this machine.
const LOOPBACK: [&str; 6] = [
    "http://localhost:*",
    "https://localhost:*",
    "http://127.0.0.1:*",
    "https://127.0.0.1:*",
    "http://[::1]:*",
    "https://[::1]:*",
];

/// A page that a browser shows may call only if its origin is this machine's, or allowed by the operator: any other could
/// reach a server without keys by DNS rebinding.
fn config(shared: &Shared) -> StreamableHttpServerConfig {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(usize::MAX)
        .disable_allowed_hosts();
    match shared.origins.iter().any(|origin| origin == "*") {
        true => config.disable_allowed_origins(),
        false => {
            config.with_allowed_origins(LOOPBACK.map(str::to_owned).into_iter().chain(with_ports(&shared.origins)))
        }
    }
}

/// An origin without a port means the scheme's own.
fn with_ports(origins: &[String]) -> impl Iterator<Item = String> {
    origins.iter().map(|origin| {
        let (scheme, host) = origin.split_once("://").unwrap_or(("https", origin));
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        match (has_port, scheme) {
            (true, _) => origin.clone(),
            (false, "http") => format!("{origin}:80"),
            (false, _) => format!("{origin}:443"),
        }
    })
}

/// An error before the protocol begins.
pub(crate) fn error(status: StatusCode, message: &str) -> Response {
    let body = json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32600, "message": message}});
    (status, axum::Json(body)).into_response()
}

#[expect(clippy::needless_pass_by_value, reason = "`Manners` gives it away")]
fn refuse(refusal: Refusal) -> Response {
    let status = refusal.status(StatusCode::SERVICE_UNAVAILABLE, StatusCode::SERVICE_UNAVAILABLE);
    let mut response = error(status, &refusal.to_string());
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Answers the protocol's requests.
#[derive(Clone)]
struct Handler {
    shared: Shared,
    /// The one caller of a pipe; each request of HTTP brings its own.
    caller: Option<Admitted>,
}

impl Handler {
    fn caller(&self, context: &RequestContext<RoleServer>) -> Result<Admitted, ErrorData> {
        let of_request = || context.extensions.get::<Parts>()?.extensions.get::<Admitted>().cloned();
        let unknown = || ErrorData::internal_error("the request was not authenticated", None);
        self.caller.clone().or_else(of_request).ok_or_else(unknown)
    }
}

const INSTRUCTIONS: &str = "Runs programs in a sandbox without network and judges them by tests. `run_code` runs a program \
    once; `run_tests` judges it by inputs and expected outputs; `judge_problem` judges it by a stored problem; \
    `list_languages` says which languages there are. Nothing is kept between two runs. A program that fails is a \
    result: read `verdict`, `exit_code`, `stderr` and `compile_output`.";

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources().build();
        let implementation = Implementation::new("optimus", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(capabilities).with_server_info(implementation).with_instructions(INSTRUCTIONS)
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        let result = self.negotiate_initialize(&request)?;
        // What was agreed on decides the form of later answers, not what was asked for.
        let mut agreed = request;
        agreed.protocol_version = result.protocol_version.clone();
        context.peer.set_peer_info(agreed);
        Ok(result)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::all()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let caller = self.caller(&context)?;
        call::tool(&self.shared, &caller, request, &context).await.map(Into::into)
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        resources::list(&self.caller(&context)?).await
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(resources::templates())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let caller = self.caller(&context)?;
        resources::read(&self.shared, &caller, &request.uri).await.map(Into::into)
    }
}
