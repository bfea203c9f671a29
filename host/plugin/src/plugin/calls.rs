//! The calls themselves. Each gets a fresh store, so that nothing of one job is there for the next.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use optimus_core::plan::Diagnostic;
use optimus_core::{Descriptor, Plan, Verdict};
use wasmtime::Store;
use wasmtime::component::Resource;

use super::Shared;
use crate::blob::Blob;
use crate::engine::Guest;
use crate::error::{InvalidField, PluginError, PluginName};
use crate::plan::{self, PlanRules};
use crate::request::Finding;
use crate::sections::Sections;
use crate::state::State;
use crate::text::{cut, shown};
use crate::wit::{self, types};

/// Maximum bytes of a guest's message.
const MESSAGE_BYTES: usize = 4 << 10;
const DIAGNOSTICS: usize = 1_000;

/// A component with its functions found, ready to be instantiated.
pub(crate) struct Guests {
    pub(crate) language: wit::language::HostLanguagePre<State>,
    pub(crate) classify: Option<wit::classify::HostClassifyPre<State>>,
    pub(crate) warm: Option<wit::warm::HostWarmPre<State>>,
    pub(crate) checker: Option<wit::checker::HostCheckerPre<State>>,
}

/// The plugin itself; shared with the calls that are under way.
pub(crate) struct Inner {
    pub(super) name: PluginName,
    pub(super) descriptor: Descriptor,
    pub(super) digest: String,
    pub(super) sections: Sections,
    pub(super) guests: Guests,
    pub(super) shared: Arc<Shared>,
}

impl Inner {
    pub(super) fn plan(&self, request: &types::Request) -> Result<Arc<Plan>, PluginError> {
        let answer = self.call("plan", self.shared.config.plan_deadline, |store| {
            let guest = self.guests.language.instantiate(&mut *store)?;
            guest.optimus_plugin_language().call_plan(store, request)
        })?;
        let plan = answer.map_err(|refusal| self.refusal(refusal))?;
        let terms = PlanRules {
            descriptor: &self.descriptor,
            images: &self.shared.config.images,
            has_checker: self.guests.checker.is_some(),
        };
        let warm = self.shares_start(&plan.run);
        let mut plan = plan::check(plan, &terms).map_err(|error| self.invalid("plan", error))?;
        plan.run.warm = warm;
        Ok(Arc::new(plan))
    }

    /// Whether a run may be started warm. A plugin that gives no answer costs its jobs the time, not the verdict.
    fn shares_start(&self, run: &types::Step) -> bool {
        let Some(warm) = &self.guests.warm else { return false };
        let answer = self.call("shared", self.shared.config.plan_deadline, |store| {
            warm.instantiate(&mut *store)?.optimus_plugin_warm().call_shared(store, run)
        });
        match answer {
            Ok(answer) => answer.is_some(),
            Err(error) => {
                tracing::warn!(plugin.id = self.name.id, %error, "programs are started cold");
                false
            }
        }
    }

    pub(super) fn diagnostics(&self, outcome: &types::Outcome) -> Result<Vec<Diagnostic>, PluginError> {
        let Some(classify) = &self.guests.classify else { return Ok(Vec::new()) };
        let found = self.call("diagnostics", self.shared.config.plan_deadline, |store| {
            classify.instantiate(&mut *store)?.optimus_plugin_classify().call_diagnostics(store, outcome)
        })?;
        Ok(found.into_iter().take(DIAGNOSTICS).map(diagnostic).collect())
    }

    pub(super) fn refine(&self, outcome: &types::Outcome) -> Result<Option<Verdict>, PluginError> {
        let Some(classify) = &self.guests.classify else { return Ok(None) };
        let word = self.call("refine", self.shared.config.plan_deadline, |store| {
            classify.instantiate(&mut *store)?.optimus_plugin_classify().call_refine(store, outcome)
        })?;
        let Some(word) = word else { return Ok(None) };
        let verdict = word.parse().ok().filter(|verdict| blames_the_run(*verdict));
        if verdict.is_none() {
            // The verdict that the host came to stands; the plugin's author wants to know.
            tracing::warn!(plugin.id = self.name.id, "refined verdict `{}` is not taken", shown(&word));
        }
        Ok(verdict)
    }

    pub(super) fn check(&self, blobs: [Bytes; 3]) -> Result<Finding, PluginError> {
        let Some(checker) = &self.guests.checker else {
            return Err(PluginError::NotExported { plugin: self.name.clone(), interface: "checker" });
        };
        let found = self.call("check", self.shared.config.check_deadline, |store| {
            let [input, expected, actual] = lend(store, blobs)?;
            let guest = checker.instantiate(&mut *store)?;
            guest.optimus_plugin_checker().call_check(store, input, expected, actual)
        })?;
        if let Some(score) = found.score.filter(|score| !(0.0..=1.0).contains(score)) {
            let error = InvalidField::new("score", format!("{score} is not between 0 and 1"));
            return Err(self.invalid("finding", error.hint("divide by the most that can be scored")));
        }
        let message = found.message.map(|message| cut(&message, MESSAGE_BYTES).to_owned());
        Ok(Finding { accepted: found.accepted, score: found.score, message })
    }

    fn call<R>(
        &self,
        call: &'static str,
        deadline: Duration,
        body: impl FnOnce(&mut Store<State>) -> wasmtime::Result<R>,
    ) -> Result<R, PluginError> {
        let guest = Guest { name: &self.name.id, tier: self.sections.tier };
        let result = self.shared.host.call(&guest, deadline, body);
        result.map_err(|error| PluginError::Misbehaved { plugin: self.name.clone(), call, error })
    }

    fn refusal(&self, refusal: types::Error) -> PluginError {
        let plugin = self.name.clone();
        let text = |message: String| cut(&message, MESSAGE_BYTES).to_owned();
        match refusal {
            types::Error::BadSource(message) => PluginError::BadSource { plugin, message: text(message) },
            types::Error::BadOptions(message) => PluginError::BadOptions { plugin, message: text(message) },
            types::Error::Unsupported(message) => PluginError::Unsupported { plugin, message: text(message) },
            types::Error::Other((name, detail)) => {
                PluginError::Unsupported { plugin, message: text(format!("{name}: {detail}")) }
            }
        }
    }

    fn invalid(&self, what: &'static str, error: InvalidField) -> PluginError {
        PluginError::Invalid { plugin: self.name.clone(), what, error: Box::new(error) }
    }
}

/// Lends blobs to a guest: they stay the store's, and go with it.
fn lend<const N: usize>(store: &mut Store<State>, blobs: [Bytes; N]) -> wasmtime::Result<[Resource<Blob>; N]> {
    let mut lent = Vec::with_capacity(N);
    for blob in blobs {
        let owned = store.data_mut().table.push(Blob(blob))?;
        lent.push(Resource::new_borrow(owned.rep()));
    }
    lent.try_into().map_err(|_| wasmtime::format_err!("as many are lent as are given"))
}

/// A plugin may sharpen what ended a run; whether the program is right is not for it to say.
fn blames_the_run(verdict: Verdict) -> bool {
    match verdict {
        Verdict::TimeLimitExceeded
        | Verdict::IdlenessLimitExceeded
        | Verdict::MemoryLimitExceeded
        | Verdict::OutputLimitExceeded
        | Verdict::RuntimeError
        | Verdict::SecurityViolation => true,
        Verdict::Accepted
        | Verdict::WrongAnswer
        | Verdict::PresentationError
        | Verdict::Partial
        | Verdict::CompileError
        | Verdict::Skipped
        | Verdict::Cancelled
        | Verdict::InternalError => false,
    }
}

fn diagnostic(found: types::Diagnostic) -> Diagnostic {
    let text = |text: String| cut(&text, MESSAGE_BYTES).to_owned();
    let severity = match found.severity.as_str() {
        word @ ("error" | "warning") => word,
        _ => "note",
    };
    Diagnostic {
        path: text(found.path),
        line: found.line,
        column: found.column,
        severity: severity.to_owned(),
        message: text(found.message),
        code: found.code.map(text),
    }
}
