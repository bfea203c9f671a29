//! A job's trace, from a client's header through API, queue and worker to somebody who collects it.

use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;
use serde_json::json;

use crate::cluster::{Place, agent, ask};
use crate::support::{can_judge, skip, until};

/// Takes spans by OTLP over HTTP.
pub(crate) struct Collector {
    pub(crate) url: String,
    spans: Arc<Mutex<Vec<Span>>>,
    _serving: tokio::runtime::Runtime,
}

impl Collector {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let spans = Arc::<Mutex<Vec<Span>>>::default();
        let kept = Arc::clone(&spans);
        let take = async move |body: Bytes| {
            let request = ExportTraceServiceRequest::decode(body).unwrap();
            let of_resource = request.resource_spans.into_iter().inspect(|spans| {
                let attributes = &spans.resource.as_ref().unwrap().attributes;
                let name = attributes.iter().find(|attribute| attribute.key == "service.name").unwrap();
                let value = name.value.as_ref().unwrap().value.clone();
                assert_eq!(value, Some(Any::StringValue("optimus".to_owned())));
            });
            let spans = of_resource.flat_map(|spans| spans.scope_spans).flat_map(|spans| spans.spans);
            kept.lock().unwrap().extend(spans);
        };
        let router = Router::new().route("/v1/traces", post(take));
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, spans, _serving: runtime }
    }

    /// Those of one trace with this name, however it goes on.
    fn named(&self, trace: &[u8], name: &str) -> Vec<Span> {
        let spans = self.spans.lock().unwrap();
        spans.iter().filter(|span| span.trace_id == trace && span.name.starts_with(name)).cloned().collect()
    }
}

fn text(span: &Span, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Any::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}

#[test]
fn one_trace_leads_from_the_client_to_each_test() {
    if !can_judge() || !Path::new("/usr/bin/redis-server").exists() {
        return skip("no redis-server, or nothing can be judged");
    }
    let collector = Collector::start();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = Place { port, dir: tempfile::tempdir().unwrap(), collector: Some(collector.url.clone()) };
    let _redis = place.redis();
    let (api, base) = place.start(&["api", "--listen", "127.0.0.1:0"], "api");
    let worker = place.worker("worker", "30");
    let agent = agent();
    let job = json!({"language": "bash", "source": "cat", "tests": vec![json!({"stdin": "1", "expect": "1"}); 20]});
    let judged = |parent: &str| {
        until("the job is judged", || {
            let request = agent.post(format!("{base}/v1/jobs?wait=50s")).header("traceparent", parent);
            let (status, _, answer) = ask(request.send_json(&job));
            (status == 200).then(|| answer["id"].as_str().unwrap().to_owned())
        })
    };
    let id = judged("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    judged("00-11111111111111111111111111111111-00f067aa0ba902b7-00");
    judged("of no form at all");
    // What is still in their hands they send now.
    worker.stop();
    api.stop();

    let trace = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes();
    let [sent] = &collector.named(&trace, "send ")[..] else { panic!("one `send`") };
    let [processed] = &collector.named(&trace, "process ")[..] else { panic!("one `process`") };
    assert_eq!(sent.parent_span_id, 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());
    assert_eq!(processed.parent_span_id, sent.span_id);
    assert_eq!((sent.name.as_str(), sent.kind()), ("send bash", SpanKind::Producer));
    assert_eq!((processed.name.as_str(), processed.kind()), ("process bash", SpanKind::Consumer));
    for span in [sent, processed] {
        assert_eq!(text(span, "messaging.message.id").as_ref(), Some(&id));
    }
    assert_eq!(text(processed, "optimus.verdict").as_deref(), Some("accepted"));
    for (name, count) in [("plan", 1), ("compile", 1), ("test", 16)] {
        let children = collector.named(&trace, name);
        assert_eq!(children.len(), count, "{name}");
        for child in children {
            assert_eq!(child.parent_span_id, processed.span_id, "{name}");
            assert!(child.start_time_unix_nano >= processed.start_time_unix_nano);
            assert!(child.end_time_unix_nano <= processed.end_time_unix_nano);
        }
    }
    assert_eq!(collector.named(&[0x11; 16], "").len(), 0, "the client did not want that one sampled");
    let begun = collector.spans.lock().unwrap().iter().filter(|span| span.parent_span_id.is_empty()).count();
    assert_eq!(begun, 1, "a header that cannot be read is as good as none");
}

#[test]
fn nobody_waits_for_a_collector_that_is_not_there() {
    if !can_judge() || !Path::new("/usr/bin/redis-server").exists() {
        return skip("no redis-server, or nothing can be judged");
    }
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, silent) = (nowhere.local_addr().unwrap().port(), TcpListener::bind("127.0.0.1:0").unwrap());
    drop(nowhere);
    // It takes connections and never answers.
    let collector = Some(format!("http://{}", silent.local_addr().unwrap()));
    let place = Place { port, dir: tempfile::tempdir().unwrap(), collector };
    let _redis = place.redis();
    let (api, base) = place.start(&["api", "--listen", "127.0.0.1:0"], "api");
    let worker = place.worker("worker", "30");
    let (agent, job) = (agent(), json!({"language": "bash", "source": "echo 1", "tests": [{"expect": "1"}]}));
    until("the job is judged", || {
        let (status, _, answer) = ask(agent.post(format!("{base}/v1/jobs?wait=50s")).send_json(&job));
        (status == 200).then(|| assert_eq!(answer["report"]["verdict"], "accepted"))
    });
    let stopping = Instant::now();
    worker.stop();
    api.stop();
    assert!(stopping.elapsed() < Duration::from_secs(45), "{:?}", stopping.elapsed());
}
