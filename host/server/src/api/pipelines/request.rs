//! Steps that use `http`: a rendered request becomes one that is sent, and its answer a result.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{HeaderMap, Method, Request};
use optimus_core::{Fault, Invalid};
use optimus_pipelines::Outcome;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::{ApiError, ApiState, json as read, on_behalf};
use crate::schedules::{Owner, Refused};
use crate::webhooks::{Fetched, Gate, Target, Unanswered};

/// Headers of a request.
const HEADERS: usize = 32;
/// Bytes of their names and values.
const HEADER_BYTES: usize = 16 << 10;
/// Bytes of a request's body.
const BODY: usize = 256 << 10;
/// The methods that a request may have.
const METHODS: [Method; 6] = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
/// Headers that belong to the connection, or to us.
const OURS: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "idempotency-key",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];
/// Headers of an answer that later steps see.
const SEEN: [&str; 9] =
    ["content-type", "date", "etag", "last-modified", "link", "location", "retry-after", "x-request-id", "server"];
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What `http` takes, rendered.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    url: String,
    method: Option<String>,
    #[serde(default)]
    headers: Map<String, Value>,
    json: Option<Value>,
    body: Option<String>,
}

/// Sends a request once, in the owner's name.
pub(super) async fn request(state: &ApiState, owner: &Owner, with: &Value, key: &str) -> Result<Outcome, Refused> {
    let caller = on_behalf::caller(state, owner, "start or replay the run with a key that may submit")?;
    let fetcher = &state.parts.fetcher;
    let (target, request) = checked(with, &fetcher.policy().gate, key).map_err(Refused::Job)?;
    caller.spend(state, 1).await.map_err(on_behalf::refused)?;
    let fault = |code: &str, error: &Unanswered| Fault::new(code, error.to_string());
    match fetcher.fetch(&target, request).await {
        Ok(answer) => Ok(Outcome { is_accepted: answer.status.is_success(), result: result(&answer) }),
        Err(error @ Unanswered::Busy) => Err(Refused::ForNow(fault("too_many_requests", &error))),
        Err(error @ Unanswered::Inside(_)) => Err(Refused::Job(inside(error.to_string()))),
        Err(error @ Unanswered::Failed(_)) => Err(Refused::Job(fault("no_answer", &error))),
    }
}

/// Checks a rendered request as if it were sent now.
pub(super) fn check(state: &ApiState, with: &Value) -> Result<(), Fault> {
    checked(with, &state.parts.fetcher.policy().gate, "dry-run").map(drop)
}

fn checked(with: &Value, gate: &Gate, key: &str) -> Result<(Target, Request<Full<Bytes>>), Fault> {
    let call: Call = read::read_value("with", with.clone()).map_err(ApiError::into_fault)?;
    let invalid = |invalid: Invalid| ApiError::from(invalid).into_fault();
    let target = Target::parse(&call.url).map_err(|why| invalid(Invalid::new("with.url", why)))?;
    if let Some(address) = target.forbidden(gate) {
        return Err(inside(format!("`with.url` leads to {address}, which is not public")));
    }
    let method = method(call.method.as_deref()).map_err(invalid)?;
    let mut headers = headers(&call.headers).map_err(invalid)?;
    let body = match (call.json, call.body) {
        (Some(json), None) => {
            headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
            json.to_string()
        }
        (None, body) => body.unwrap_or_default(),
        (Some(_), Some(_)) => return Err(invalid(Invalid::new("with.body", "is there beside `json`"))),
    };
    if body.len() > BODY {
        let too_long = Invalid::new("with.body", format!("has {} bytes, and {BODY} are the most", body.len()));
        return Err(invalid(too_long.hint("send less of the earlier results")));
    }
    built(target, method, headers, (body, key)).map_err(|error| Fault::new("invalid", format!("`with`: {error}")))
}

fn built(
    target: Target,
    method: Method,
    mut headers: HeaderMap,
    (body, key): (String, &str),
) -> Result<(Target, Request<Full<Bytes>>), hyper::http::Error> {
    headers.insert(HOST, HeaderValue::from_str(target.authority())?);
    headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_str(key)?);
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("optimus/", env!("CARGO_PKG_VERSION"))));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    let mut request = Request::builder().method(method).uri(target.path()).body(Full::new(Bytes::from(body)))?;
    *request.headers_mut() = headers;
    Ok((target, request))
}

fn method(name: Option<&str>) -> Result<Method, Invalid> {
    let Some(name) = name else { return Ok(Method::GET) };
    METHODS.into_iter().find(|method| method.as_str() == name).ok_or_else(|| {
        let invalid = Invalid::new("with.method", format!("is `{}`", name.escape_debug()));
        invalid.hint(METHODS.map(|method| method.to_string()).join(", "))
    })
}

fn headers(wanted: &Map<String, Value>) -> Result<HeaderMap, Invalid> {
    let bytes: usize = wanted.iter().map(|(name, value)| name.len() + value.as_str().map_or(0, str::len)).sum();
    if wanted.len() > HEADERS || bytes > HEADER_BYTES {
        let invalid = Invalid::new("with.headers", format!("are {} with {bytes} bytes", wanted.len()));
        return Err(invalid.hint(format!("at most {HEADERS} with {HEADER_BYTES} bytes")));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in wanted {
        let invalid = |what: &str| Invalid::new(format!("with.headers.{}", name.escape_debug()), what);
        let read = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid("is no name of a header"))?;
        if OURS.contains(&read.as_str()) || read.as_str().starts_with("proxy-") {
            return Err(invalid("is set by the server").hint("leave it out"));
        }
        let value = value.as_str().ok_or_else(|| invalid("is no text"))?;
        headers.insert(read, HeaderValue::from_str(value).map_err(|_| invalid("holds what no header can"))?);
    }
    Ok(headers)
}

fn inside(message: String) -> Fault {
    Fault::new("url_forbidden", message).hint("the operator may allow it with `--webhook-allow`")
}

/// What later steps see of an answer: a body that is JSON as `json`, any other as text.
fn result(answer: &Fetched) -> Value {
    let header = |name: &&str| Some(((*name).to_owned(), Value::from(answer.headers.get(*name)?.to_str().ok()?)));
    let headers: Map<String, Value> = SEEN.iter().filter_map(header).collect();
    let mut result = json!({"status": answer.status.as_u16(), "headers": headers});
    match serde_json::from_slice::<Value>(&answer.body) {
        Ok(value) if answer.is_whole => result["json"] = value,
        _ => result["body"] = String::from_utf8_lossy(&answer.body).into(),
    }
    if !answer.is_whole {
        result["truncated"] = true.into();
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(with: &Value) -> String {
        checked(with, &Gate::default(), "k").map(drop).unwrap_err().message
    }

    #[test]
    fn a_request_is_what_the_step_says_and_no_more() {
        let with = json!({"url": "https://example.org:8443/a?b=c", "method": "PUT", "headers": {"x-token": "t"}, "json": {"n": 1}});
        let (_, request) = checked(&with, &Gate::default(), "r-s-0-1").unwrap();
        assert_eq!((request.method(), request.uri().to_string()), (&Method::PUT, "/a?b=c".to_owned()));
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        assert_eq!((header("host"), header("idempotency-key")), ("example.org:8443".into(), "r-s-0-1".into()));
        assert_eq!((header("content-type"), header("x-token")), ("application/json".into(), "t".into()));
    }

    #[test]
    fn what_leads_inside_or_belongs_to_the_connection_is_refused() {
        let url = "https://example.org";
        for (with, wanted) in [
            (json!({"url": "http://127.0.0.1/"}), "127.0.0.1"),
            (json!({"url": "http://[::ffff:169.254.169.254]/latest"}), "not public"),
            (json!({"url": "http://localhost:8080/"}), "not public"),
            (json!({"url": "file:///etc/passwd"}), "`with.url`"),
            (json!({"url": url, "method": "CONNECT"}), "`with.method`: is `CONNECT`"),
            (json!({"url": url, "headers": {"Host": "inside"}}), "`with.headers.Host`"),
            (json!({"url": url, "headers": {"Transfer-Encoding": "chunked"}}), "is set by the server"),
            (json!({"url": url, "headers": {"x": "a\r\nb: c"}}), "holds what no header can"),
            (json!({"url": url, "headers": {"x y": "a"}}), "is no name of a header"),
            (json!({"url": url, "body": "x".repeat(BODY + 1)}), "are the most"),
            (json!({"url": url, "json": 1, "body": "x"}), "beside `json`"),
            (json!({"url": url, "port": 1}), "port"),
        ] {
            let message = fault(&with);
            assert!(message.contains(wanted), "{message} does not say {wanted}");
        }
    }
}
