//! Every path: its method, what a caller needs for it, and its handler. The one place where access is decided, from the
//! head of a request: nothing of a body is read, and no budget of bodies is used, before.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete, get, head, patch, post, put};

use super::caller::Caller;
use super::{
    ApiError, ApiState, admin, audit, batch, blobs, console, cookie, docs, doctor, events, feed, files, health,
    history, identity, interpreters, jobs, keys, limits, login, pipelines, plugins, problems, query, schedules,
    session, stdin, verify, webhooks, workers,
};
use crate::keys::Scope;

/// The permission that a route requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Nothing.
    Open,
    /// A key, where keys are required.
    AnyKey,
    /// A key with this scope, where keys are required.
    Scope(Scope),
}

/// One method of one path.
struct Route {
    path: &'static str,
    method: &'static str,
    access: Access,
    handler: MethodRouter<ApiState>,
}

/// The query parameters of a route. Any other name is an error, so that none is ignored in silence.
fn parameters(path: &str, method: &str) -> &'static [&'static str] {
    match (path, method) {
        ("/v1/jobs", "get") => &["state", "language", "next", "before", "limit"],
        ("/v1/jobs" | "/v1/jobs/batch" | "/submit", "post") | ("/v1/jobs/{id}" | "/status/{id}", "get") => &["wait"],
        ("/v1/jobs/{id}/files/{*path}", "get") => &["test"],
        ("/v1/jobs/{id}/stdin", "post") => &["end"],
        ("/v1/dead", _) => &["language", "tenant", "next", "before", "limit"],
        ("/v1/audit", _) => &["tenant", "key", "action", "since", "next", "limit", "format"],
        ("/v1/history", _) => &["since"],
        ("/v1/events", _) => &["types", "since"],
        ("/v1/schedules" | "/v1/pipelines", "get") => &["next", "limit"],
        ("/v1/runs", "get") => &["pipeline", "state", "next", "limit"],
        ("/v1/schedules/{id}/preview", _) => &["n", "after"],
        ("/v1/plugins/{id}", "put") | ("/v1/plugins/{id}/rollback", "post") => &["digest", "replaces"],
        ("/v1/problems", "post") => &["cpu_ms", "wall_ms", "memory_bytes"],
        _ => &[],
    }
}

fn routes() -> Vec<Route> {
    use Access::{AnyKey, Open};
    use Scope::{Admin, Audit, Plugins, Problems, Read, Submit};
    let open = |path, handler| Route { path, method: "get", access: Open, handler };
    let mut routes = vec![
        scoped("/v1/problems", "post", Problems, post(problems::add)),
        scoped("/v1/problems", "get", Admin, get(problems::list)),
        scoped("/v1/problems/{id}", "get", Read, get(problems::show)),
        scoped("/v1/problems/{id}", "delete", Admin, delete(problems::remove)),
        scoped("/v1/problems/{id}/submissions", "get", Problems, get(verify::list)),
        scoped("/v1/problems/{id}/submissions/{number}/jobs", "post", Problems, post(verify::submit)),
        scoped("/v1/problems/{id}/submissions/{number}/jobs/{job}", "get", Problems, get(verify::compare)),
        Route { path: "/v1/languages", method: "get", access: AnyKey, handler: get(health::languages) },
        Route { path: "/v1/limits", method: "get", access: AnyKey, handler: get(limits::limits) },
        Route { path: "/v1/me", method: "get", access: AnyKey, handler: get(identity::me) },
        Route { path: "/v1/session", method: "post", access: AnyKey, handler: post(session::begin) },
        Route { path: "/v1/session", method: "delete", access: AnyKey, handler: delete(session::end) },
        // Nobody is known yet when a sign-in begins, nor when it ends.
        open(login::LOGIN, get(login::begin)),
        open(login::CALLBACK, get(login::end)),
        scoped("/v1/keys", "get", Admin, get(keys::list)),
        scoped("/v1/keys", "post", Admin, post(keys::create)),
        scoped("/v1/keys/{id}", "delete", Admin, delete(keys::revoke)),
        scoped("/v1/doctor", "get", Admin, get(doctor::doctor)),
        scoped("/v1/plugins", "get", Plugins, get(health::plugins)),
        scoped("/v1/plugins/{id}", "put", Admin, put(plugins::put)),
        scoped("/v1/plugins/{id}/dry-run", "post", Admin, post(plugins::dry_run)),
        scoped("/v1/plugins/{id}/versions", "get", Admin, get(plugins::versions)),
        scoped("/v1/plugins/{id}/versions/{digest}", "get", Admin, get(plugins::version)),
        scoped("/v1/plugins/{id}/rollback", "post", Admin, post(plugins::roll_back)),
        scoped("/v1/plugins/reload", "post", Admin, post(plugins::reload)),
        scoped("/v1/dead", "get", Admin, get(admin::dead)),
        scoped("/v1/dead/{id}", "delete", Admin, delete(admin::discard)),
        scoped("/v1/dead/{id}/requeue", "post", Admin, post(admin::requeue)),
        scoped("/v1/audit", "get", Audit, get(audit::list)),
        scoped("/v1/history", "get", Admin, get(history::history)),
        scoped("/v1/workers", "get", Admin, get(workers::list)),
        scoped("/v1/workers/{id}/drain", "post", Admin, post(workers::drain)),
        scoped("/v1/workers/{id}/resume", "post", Admin, post(workers::resume)),
        scoped("/v1/webhooks/secret", "get", Submit, get(webhooks::secret)),
        scoped("/submit", "post", Submit, post(jobs::submit)),
        scoped("/status/{id}", "get", Read, get(jobs::status)),
        open("/healthz", get(health::healthz)),
        open("/readyz", get(health::readyz)),
        open("/metrics", get(health::metrics)),
        open("/openapi.json", get(docs::openapi)),
        open("/docs", get(docs::page)),
    ];
    routes.extend(of_jobs());
    routes.extend(stored());
    routes.extend(flow());
    routes.extend(cells());
    routes
}

/// Jobs, and what goes into them and comes out while they run.
fn of_jobs() -> Vec<Route> {
    use Scope::{Read, Submit};
    vec![
        scoped("/v1/jobs", "post", Submit, post(jobs::submit)),
        scoped("/v1/jobs", "get", Read, get(jobs::list)),
        scoped("/v1/jobs/batch", "post", Submit, post(batch::submit)),
        scoped("/v1/jobs/{id}", "get", Read, get(jobs::status)),
        scoped("/v1/jobs/{id}", "delete", Submit, delete(jobs::cancel)),
        scoped("/v1/jobs/{id}/events", "get", Read, get(events::events)),
        scoped("/v1/jobs/{id}/files/{*path}", "get", Read, get(files::file)),
        scoped("/v1/jobs/{id}/stdin", "post", Submit, post(stdin::write)),
    ]
}

/// Files that jobs name.
fn stored() -> Vec<Route> {
    use Scope::{Read, Submit};
    vec![
        scoped("/v1/blobs", "put", Submit, put(blobs::store)),
        scoped("/v1/blobs/{sha256}", "put", Submit, put(blobs::store_named)),
        scoped("/v1/blobs/{sha256}", "head", Submit, head(blobs::look)),
        scoped("/v1/blobs/{sha256}", "get", Read, get(blobs::show)),
    ]
}

/// Schedules and pipelines, and what happens to all of a tenant's.
fn flow() -> Vec<Route> {
    use Scope::{Read, Submit};
    vec![
        scoped("/v1/events", "get", Read, get(feed::feed)),
        scoped("/v1/schedules", "post", Submit, post(schedules::create)),
        scoped("/v1/schedules", "get", Read, get(schedules::list)),
        scoped("/v1/schedules/{id}", "get", Read, get(schedules::show)),
        scoped("/v1/schedules/{id}", "patch", Submit, patch(schedules::change)),
        scoped("/v1/schedules/{id}", "delete", Submit, delete(schedules::remove)),
        scoped("/v1/schedules/{id}/preview", "get", Read, get(schedules::preview)),
        scoped("/v1/schedules/{id}/pause", "post", Submit, post(schedules::pause)),
        scoped("/v1/schedules/{id}/resume", "post", Submit, post(schedules::resume)),
        scoped("/v1/schedules/{id}/trigger", "post", Submit, post(schedules::trigger)),
        scoped("/v1/schedules/{id}/backfill", "post", Submit, post(schedules::backfill)),
        scoped("/v1/pipelines", "post", Submit, post(pipelines::create)),
        scoped("/v1/pipelines", "get", Read, get(pipelines::list)),
        scoped("/v1/pipelines/{id}", "get", Read, get(pipelines::show)),
        scoped("/v1/pipelines/{id}", "put", Submit, put(pipelines::replace)),
        scoped("/v1/pipelines/{id}", "delete", Submit, delete(pipelines::remove)),
        scoped("/v1/pipelines/{id}/dry-run", "post", Submit, post(pipelines::dry_run)),
        scoped("/v1/pipelines/{id}/runs", "post", Submit, post(pipelines::runs::start)),
        scoped("/v1/runs", "get", Read, get(pipelines::runs::list)),
        scoped("/v1/runs/{id}", "get", Read, get(pipelines::runs::show)),
        scoped("/v1/runs/{id}/cancel", "post", Submit, post(pipelines::runs::cancel)),
        scoped("/v1/runs/{id}/replay", "post", Submit, post(pipelines::runs::replay)),
    ]
}

/// Sessions of cells.
fn cells() -> Vec<Route> {
    use Scope::{Read, Submit};
    vec![
        scoped("/v1/sessions", "post", Submit, post(interpreters::begin)),
        scoped("/v1/sessions", "get", Read, get(interpreters::list)),
        scoped("/v1/sessions/{id}", "get", Read, get(interpreters::show)),
        scoped("/v1/sessions/{id}", "delete", Submit, delete(interpreters::end)),
        scoped("/v1/sessions/{id}/cells", "post", Submit, post(interpreters::run)),
    ]
}

fn scoped(path: &'static str, method: &'static str, scope: Scope, handler: MethodRouter<ApiState>) -> Route {
    Route { path, method, access: Access::Scope(scope), handler }
}

/// The console, and the files of the reference page: for browsers, not part of the API.
fn pages(has_console: bool) -> impl Iterator<Item = Route> {
    let reference = [("/docs/page.js", get(docs::script)), ("/docs/rapidoc.js", get(docs::rapidoc))];
    let open = |(path, handler)| Route { path, method: "get", access: Access::Open, handler };
    console::pages(has_console).into_iter().chain(reference).map(open)
}

/// Routes of a worker without an API.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Every path with each of its methods.
pub fn paths() -> Vec<(&'static str, &'static str)> {
    routes().iter().map(|route| (route.path, route.method)).collect()
}

/// All routes, without what stands around them.
pub(super) fn all(state: &ApiState) -> Router<ApiState> {
    assemble(state, routes().into_iter().chain(pages(state.parts.console)))
}

/// Those that say how the process is.
pub(super) fn probes(state: &ApiState) -> Router<ApiState> {
    assemble(state, routes().into_iter().filter(|route| PROBES.contains(&route.path)))
}

fn assemble(state: &ApiState, routes: impl IntoIterator<Item = Route>) -> Router<ApiState> {
    routes.into_iter().fold(Router::new(), |router, Route { path, method, access, handler }| {
        let guarded = match access {
            // Probes come with whatever a balancer adds.
            Access::Open => handler,
            access => noted(state, path, method, handler)
                .route_layer(from_fn_with_state(parameters(path, method), known_parameters))
                .route_layer(from_fn_with_state((state.clone(), access), authorize)),
        };
        router.route(path, guarded)
    })
}

/// Whatever may change something is noted in the audit log, unless it is named there as no change.
fn noted(state: &ApiState, path: &str, method: &str, handler: MethodRouter<ApiState>) -> MethodRouter<ApiState> {
    if !audit::is_noted(path, method) {
        return handler;
    }
    let action: Arc<str> = format!("{} {path}", method.to_ascii_uppercase()).into();
    handler.route_layer(from_fn_with_state((state.clone(), action), audit::note))
}

/// Refuses a query with a parameter that the route does not have.
async fn known_parameters(State(known): State<&'static [&'static str]>, request: Request, next: Next) -> Response {
    match query::unknown(request.uri(), known) {
        Some(error) => error.into_response(),
        None => next.run(request).await,
    }
}

/// Authenticates the caller and checks the scope; handlers find the [`Caller`] in the request's extensions.
async fn authorize(State((state, access)): State<(ApiState, Access)>, mut request: Request, next: Next) -> Response {
    let caller = match Caller::of(request.method(), request.headers(), &state).await {
        Ok(caller) => caller,
        Err(error) if error.status() == StatusCode::UNAUTHORIZED => {
            return unknown(error, &state, request.headers()).await;
        }
        Err(error) => return error.into_response(),
    };
    if let Access::Scope(scope) = access
        && let Err(error) = caller.may(scope)
    {
        return error.into_response();
    }
    let Ok(_share) = state.requests.take(caller.tenant.as_deref(), 1) else {
        return ApiError::too_many("too_many_requests", "this tenant has too many requests under way").into_response();
    };
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// Answers a caller who is not known: its browser forgets a session that is none, and is told where a person signs in.
async fn unknown(error: ApiError, state: &ApiState, asked: &HeaderMap) -> Response {
    let mut response = error.into_response();
    if state.parts.login.is_some() {
        response.headers_mut().insert(SIGN_IN, HeaderValue::from_static(login::LOGIN));
    }
    if asked.contains_key(COOKIE) { cookie::forget(response, state, asked).await } else { response }
}

/// Names the path where a person signs in through the identity provider, in answers of 401.
const SIGN_IN: HeaderName = HeaderName::from_static("optimus-sign-in");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_probes_documents_and_signing_in_are_open() {
        let open: Vec<&str> =
            routes().iter().filter(|route| route.access == Access::Open).map(|route| route.path).collect();
        let login = [login::LOGIN, login::CALLBACK];
        assert_eq!(open[..2], login);
        assert_eq!(open[2..], ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"]);
    }
}
