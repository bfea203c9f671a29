//! Exports traces by OTLP over HTTP, as OpenTelemetry's variables say: where to, which of them, and in whose name.

use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use optimus_core::trace::SPAN_TARGET;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::{Layer, Registry};

/// Timeout of one answer of a collector, unless `OTEL_EXPORTER_OTLP_TIMEOUT` is set.
const TIME: Duration = Duration::from_secs(10);
/// Maximum size of an answer.
const BYTES: u64 = 1 << 20;
/// Time for the last spans to be exported.
const LAST: Duration = Duration::from_secs(5);

/// Exports spans on a separate thread; the last ones when it is dropped.
pub struct Traces(SdkTracerProvider);

/// The layer that exports spans.
type Exporting = Box<dyn Layer<Registry> + Send + Sync>;

impl Traces {
    /// `None`: there is no collector.
    pub(super) fn begin() -> anyhow::Result<Option<(Self, Exporting)>> {
        let said = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let to = said("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").or(said("OTEL_EXPORTER_OTLP_ENDPOINT"));
        let off = said("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
            || said("OTEL_TRACES_EXPORTER").is_some_and(|value| value == "none");
        if to.is_none() || off {
            return Ok(None);
        }
        let time = said("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT").or(said("OTEL_EXPORTER_OTLP_TIMEOUT"));
        let time = time.and_then(|ms| ms.parse().ok()).map_or(TIME, Duration::from_millis);
        let exporter = SpanExporter::builder().with_http().with_http_client(Client::new(time)).build();
        let exporter = exporter.context("invalid `OTEL_EXPORTER_OTLP_…`")?;
        let resource = Resource::builder();
        let resource = match said("OTEL_SERVICE_NAME") {
            Some(_) => resource,
            None => resource.with_service_name("optimus"),
        };
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build();
        let exporting = tracing_opentelemetry::layer::<Registry>()
            .with_tracer(provider.tracer("optimus"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(Targets::new().with_target(SPAN_TARGET, LevelFilter::TRACE));
        Ok(Some((Self(provider), exporting.boxed())))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// The client that the program has anyway. It blocks, which only the exporter's own thread sees.
#[derive(Debug)]
struct Client(ureq::Agent);

impl Client {
    fn new(time: Duration) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(time)).http_status_as_error(false);
        Self(config.max_redirects(0).build().into())
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.0.run(request.map(|body| body.to_vec()))?;
        let (head, mut body) = answer.into_parts();
        let body = body.with_config().limit(BYTES).read_to_vec()?;
        Ok(Response::from_parts(head, body.into()))
    }
}
