//! Runs the grader of a group of tests: a program that reads the results from stdin and prints one result.

use optimus_core::Fault;
use optimus_core::checker::Invocation;
use optimus_core::scoring::tree::{Graded, GraderCall};

use super::checker::{CapturedOutput, CheckerInputs, CheckerProgram, Failure, broken};
use super::executor::Executor;

impl CheckerProgram {
    /// Grades a group. The inner error is a grader that failed.
    ///
    /// # Errors
    /// An internal failure.
    pub(super) async fn grade(
        &self,
        executor: &Executor,
        results: &GraderCall,
    ) -> Result<Result<Graded, Fault>, Fault> {
        match self.run_grader(executor, results).await {
            Ok(graded) => Ok(Ok(graded)),
            Err(Failure::Checker(fault)) => Ok(Err(fault)),
            Err(Failure::Internal(fault)) => Err(fault),
        }
    }

    async fn run_grader(&self, executor: &Executor, results: &GraderCall) -> Result<Graded, Failure> {
        let args = self.checker.args.iter().chain(&results.args).cloned().collect();
        let call = Invocation { files: Vec::new(), args, output_on_stdin: false, writes_to: None };
        let mut open = self.acquire_box(executor, &call, &CheckerInputs::default()).await?;
        let mut captured = CapturedOutput::default();
        let stdin = bytes::Bytes::from(results.stdin.clone());
        let outcome = self.start(&call, stdin.into(), &[], self.limits, open.as_mut(), &mut captured).await?;
        let said = self.collect_output(&call, open, &outcome, captured).await?;
        let failed = |why: String| Failure::Checker(broken(&self.checker, &why));
        if said.code != 0 {
            return Err(failed(format!("exited with code {}, and a grader has to exit with 0", said.code)));
        }
        Graded::read(&String::from_utf8_lossy(&said.stdout)).map_err(failed)
    }
}
