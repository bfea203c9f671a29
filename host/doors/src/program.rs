//! A program, and the job that runs it on tests.

use optimus_core::job::{FileRequest, Policy};
use optimus_core::language::LanguageInfo;
use optimus_core::{Content, JobRequest, LimitsRequest, Test};

/// Seconds that a program may take, where a request does not say.
pub(crate) const TIMEOUT: f64 = 10.0;
/// What a program may print; less, where the server's own cap is.
const OUTPUT_BYTES: u64 = 1 << 20;

/// One source file, and what each run of it may use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program<'a> {
    pub(crate) code: &'a str,
    pub(crate) language: &'a LanguageInfo,
    pub(crate) run_timeout: f64,
    pub(crate) memory_bytes: Option<u64>,
}

/// How much of what a program prints is kept.
pub(crate) fn output_bytes(policy: &Policy) -> u64 {
    OUTPUT_BYTES.min(policy.cap.output_bytes).min(policy.max_capture_bytes)
}

impl Program<'_> {
    /// The name of its file.
    pub(crate) fn source(&self) -> String {
        format!("main.{}", self.language.descriptor.extension())
    }

    pub(crate) fn job(&self, tests: Vec<Test>, policy: &Policy) -> JobRequest {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let ms = (self.run_timeout.clamp(0.001, 1e9) * 1_000.0).ceil() as u64;
        let wall_ms = ms.min(policy.cap.wall_ms);
        let output_bytes = output_bytes(policy);
        let source = self.source();
        JobRequest {
            language: self.language.descriptor.id.clone(),
            files: vec![FileRequest { path: source.clone(), content: Content::from(self.code.as_bytes().to_vec()) }],
            entry: Some(source),
            tests,
            limits: LimitsRequest {
                wall_ms: Some(wall_ms.into()),
                cpu_ms: Some(wall_ms.min(policy.cap.cpu_ms).into()),
                memory_bytes: self.memory_bytes.map(|bytes| bytes.min(policy.cap.memory_bytes).into()),
                output_bytes: Some(OUTPUT_BYTES.min(policy.cap.output_bytes).into()),
                ..LimitsRequest::default()
            },
            exact_limits: true,
            capture_bytes: Some(output_bytes),
            ..JobRequest::default()
        }
    }
}
