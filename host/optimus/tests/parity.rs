//! Every sample of every language whose image is here gets the same report in a container as on this host, times aside:
//! the toolchains may be of other versions, so what compilers and runtimes say in their own words is not compared.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/engine.rs"]
mod engine;
#[expect(dead_code, reason = "which samples there should be is asked elsewhere")]
#[path = "../src/samples.rs"]
mod samples;

use std::time::Duration;

use engine::{job, open, root, skip};
use optimus::engine::Engine;
use optimus_core::language::{Availability, LanguageInfo};
use optimus_core::{Report, Verdict};
use samples::Sample;
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn containers_give_the_reports_that_native_boxes_give() {
    let state = tempfile::tempdir().unwrap();
    let (native, docker) =
        match (open("native", &state.path().join("native")), open("docker", &state.path().join("docker"))) {
            (Ok(native), Ok(docker)) => (native, docker),
            (Err(error), _) | (_, Err(error)) => return skip(&format!("{error:#}")),
        };
    tokio::join!(native.probe(), docker.probe());
    let (here, there) = (available(&native), available(&docker));
    let mut differ = Vec::new();
    let mut count = 0;
    // Programs inside WebAssembly run in neither, and this test is no engine that they could be started with.
    let outside = |language: &&LanguageInfo| language.descriptor.images.iter().all(|image| !image.starts_with("wasm"));
    let both =
        here.iter().filter(outside).filter(|here| there.iter().any(|there| there.descriptor.id == here.descriptor.id));
    for (language, sample) in both.flat_map(samples_of) {
        let (a, b) = tokio::join!(judge(&native, &sample, language), judge(&docker, &sample, language));
        count += 1;
        // What is compared with a pattern holds times.
        let is_pattern = sample.request["compare"]["regex"].is_string();
        let name = format!("{}/{}", language.descriptor.id, sample.name);
        println!("{name}: {} {:.0} ms, {} {:.0} ms", a.verdict, a.timing.total_ms, b.verdict, b.timing.total_ms);
        if class(b.verdict).to_string() != sample.expected {
            differ.push(format!("{name}: {b:?}, not {}", sample.expected));
        } else if essence(&a, is_pattern) != essence(&b, is_pattern) {
            differ.push(format!(
                "{name}: native\n{:#?}\ndocker\n{:#?}",
                essence(&a, is_pattern),
                essence(&b, is_pattern)
            ));
        }
    }
    if count == 0 {
        return skip("no language is available both here and as an image (`cargo xtask images`)");
    }
    assert!(differ.is_empty(), "{} of {count} samples\n{}", differ.len(), differ.join("\n"));
    println!("{count} samples");
}

fn available(engine: &Engine) -> Vec<LanguageInfo> {
    let all = engine.book.all();
    all.iter().filter(|language| matches!(language.availability, Availability::Available { .. })).cloned().collect()
}

fn samples_of(language: &LanguageInfo) -> Vec<(&LanguageInfo, Sample)> {
    let id = &language.descriptor.id;
    let samples = samples::read_folder(id, &root().join("languages").join(id).join("samples")).unwrap();
    samples.into_iter().map(|sample| (language, sample)).collect()
}

async fn judge(engine: &Engine, sample: &Sample, language: &LanguageInfo) -> Report {
    let job = job(&sample.request, &language.descriptor).unwrap();
    engine.judge.judge(&job, Duration::ZERO, &|_| (), &CancellationToken::new()).await.unwrap()
}

/// What may not depend on where a program ran.
fn essence(report: &Report, is_pattern: bool) -> impl PartialEq + std::fmt::Debug + use<> {
    let compile = report.compile.as_ref().map(|compile| (compile.ok, compile.failed_step.clone()));
    let tests: Vec<_> = report
        .tests
        .iter()
        .map(|test| {
            // How much of it came before the end depends on timing.
            let cut = matches!(class(test.verdict), Verdict::TimeLimitExceeded | Verdict::MemoryLimitExceeded);
            let stdout = (!cut && !is_pattern).then(|| test.stdout.clone());
            let limit = test.limit.filter(|_| class(test.verdict) != Verdict::TimeLimitExceeded);
            (test.name.clone(), class(test.verdict), test.exit.clone(), limit, test.score, stdout)
        })
        .collect();
    (report.language.clone(), class(report.verdict), report.plugin.clone(), report.image.clone(), compile, tests)
}

/// Which of two clocks runs out first depends on how busy the machine is.
fn class(verdict: Verdict) -> Verdict {
    if verdict == Verdict::IdlenessLimitExceeded { Verdict::TimeLimitExceeded } else { verdict }
}
