//! Tells a client that asked for it how far a job is.

use optimus_core::Event;
use rmcp::RoleServer;
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::{Peer, RequestContext};

/// The steps before the first test: the job has begun, and was compiled.
const BEFORE_TESTS: usize = 2;

/// Of one request.
pub(super) struct Progress<'a> {
    peer: &'a Peer<RoleServer>,
    token: Option<ProgressToken>,
    /// Steps so far: what is told must grow.
    steps: usize,
}

impl<'a> Progress<'a> {
    pub(super) fn new(context: &'a RequestContext<RoleServer>) -> Self {
        Self { peer: &context.peer, token: context.meta.get_progress_token(), steps: 0 }
    }

    /// What cannot be sent is left out: the request of a client that has gone ends with its connection.
    pub(super) async fn tell(&mut self, event: &Event) {
        let Some(token) = self.token.clone() else { return };
        let (steps, total, message) = match event {
            Event::Started => (1, None, "running".to_owned()),
            Event::Compiled(compile) => {
                (BEFORE_TESTS, None, if compile.ok { "compiled" } else { "not compiled" }.to_owned())
            }
            Event::Test { total, report, .. } => {
                let steps = self.steps.max(BEFORE_TESTS) + 1;
                (steps, Some(total + BEFORE_TESTS), format!("test {}: {}", report.name, report.verdict))
            }
            Event::Queued
            | Event::Compiling { .. }
            | Event::Running { .. }
            | Event::Output { .. }
            | Event::Input { .. }
            | Event::Done { .. } => return,
        };
        if steps <= self.steps {
            return;
        }
        self.steps = steps;
        #[expect(clippy::cast_precision_loss, reason = "there are not 2^52 tests")]
        let number = |steps: usize| steps as f64;
        let mut told = ProgressNotificationParam::new(token, number(steps)).with_message(message);
        told.total = total.map(number);
        if let Err(error) = self.peer.notify_progress(told).await {
            tracing::debug!(%error, "progress was not told");
        }
    }
}
