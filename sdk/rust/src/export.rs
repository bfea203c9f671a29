//! The way from the contract's functions to the author's traits. Called by `plugin!`, not by authors.

use crate::wit::checker::optimus::plugin::blobs;
use crate::{
    Blob, Checker, Classify, Descriptor, Diagnostic, Error, Finding, Language, Outcome, Plan, Request, Step, Warm, log,
};

pub use blobs::Blob as HostBlob;

/// The content of the section `optimus:api`.
pub const STAMP: &str =
    concat!(r#"{"package":"optimus:plugin","version":"1.0.0","sdk":"rust/"#, env!("CARGO_PKG_VERSION"), r#""}"#);

/// [`STAMP`] as an array, which is what a section is made of.
pub const fn stamp() -> [u8; STAMP.len()] {
    let (mut bytes, mut i) = ([0; STAMP.len()], 0);
    while i < bytes.len() {
        bytes[i] = STAMP.as_bytes()[i];
        i += 1;
    }
    bytes
}

/// The descriptor, with the crate's version where the author gave none.
pub fn describe<L: Language>(version: &str) -> Descriptor {
    log::panics();
    let mut descriptor = L::describe();
    if descriptor.version.is_empty() {
        version.clone_into(&mut descriptor.version);
    }
    descriptor
}

/// The plan, with the language's default image where it names none.
pub fn plan<L: Language>(request: &Request) -> Result<Plan, Error> {
    log::panics();
    let mut plan = L::plan(request)?;
    if plan.image.is_empty() {
        plan.image = L::describe().images.into_iter().next().unwrap_or_default();
    }
    check_length(&plan)?;
    Ok(plan)
}

/// The host's caps on a plan. Above them the host would blame the plugin for a job with very many or very long names.
const ARGS: usize = 1024;
const ARG_BYTES: usize = 128 << 10;

fn check_length(plan: &Plan) -> Result<(), Error> {
    let too_long = |step: &Step| step.argv.len() > ARGS || step.argv.iter().map(String::len).sum::<usize>() > ARG_BYTES;
    match plan.compile.iter().chain([&plan.run]).find(|step| too_long(step)) {
        Some(step) => Err(Error::BadSource(format!("the files' names make the command of `{}` too long", step.name))),
        None => Ok(()),
    }
}

/// As the trait says.
pub fn diagnostics<L: Classify>(outcome: &Outcome) -> Vec<Diagnostic> {
    log::panics();
    L::diagnostics(outcome)
}

/// As the trait says, in the report's words.
pub fn refine<L: Classify>(outcome: &Outcome) -> Option<String> {
    log::panics();
    L::refine(outcome).map(|verdict| verdict.as_str().to_owned())
}

/// What a warm start may be told besides: nothing yet.
pub type Ext = Vec<(String, String)>;

/// As the trait says.
pub fn shared<L: Warm>(run: &Step) -> Option<Ext> {
    log::panics();
    L::shares_start(run).then(Ext::new)
}

/// As the trait says.
pub fn check<L: Checker>(input: &HostBlob, expected: &HostBlob, actual: &HostBlob) -> Finding {
    log::panics();
    L::check(&Blob::of_host(input), &Blob::of_host(expected), &Blob::of_host(actual))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_of_long_names_is_its_authors_fault() {
        let plan = |args: usize| Plan::new(Step::new("run", vec!["x".repeat(100); args]));
        assert!(check_length(&plan(1000)).is_ok());
        assert!(matches!(check_length(&plan(1025)), Err(Error::BadSource(_))));
        assert!(check_length(&plan(1).compile(Step::new("c", ["x".repeat(200_000)]))).is_err());
    }

    #[test]
    fn the_stamp_names_contract_and_sdk() {
        let text = String::from_utf8(stamp().to_vec()).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["package"], "optimus:plugin");
        assert_eq!(json["version"], "1.0.0");
        assert!(json["sdk"].as_str().unwrap().starts_with("rust/"));
    }
}
