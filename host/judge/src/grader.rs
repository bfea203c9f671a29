//! Runs the program that grades a group of tests: it reads their results from stdin and prints one.

use optimus_core::Fault;
use optimus_core::checker::Call;
use optimus_core::scoring::tree::{Graded, GraderCall};

use super::checker::{Failure, Heard, Matter, Prepared, broken};
use super::execute::Bench;

impl Prepared {
    /// What the grader makes of a group's results; inside, a grader that failed.
    ///
    /// # Errors
    /// Our machinery failed.
    pub(super) async fn grade(&self, bench: &Bench, results: &GraderCall) -> Result<Result<Graded, Fault>, Fault> {
        match self.run_grader(bench, results).await {
            Ok(graded) => Ok(Ok(graded)),
            Err(Failure::Checker(fault)) => Ok(Err(fault)),
            Err(Failure::Ours(fault)) => Err(fault),
        }
    }

    async fn run_grader(&self, bench: &Bench, results: &GraderCall) -> Result<Graded, Failure> {
        let args = self.checker.args.iter().chain(&results.args).cloned().collect();
        let call = Call { files: Vec::new(), args, output_on_stdin: false, writes_to: None };
        let mut open = self.seat(bench, &call, &Matter::default()).await?;
        let mut heard = Heard::default();
        let stdin = bytes::Bytes::from(results.stdin.clone());
        let outcome = self.start(&call, stdin.into(), &[], self.limits, open.as_mut(), &mut heard).await?;
        let said = self.said(&call, open, &outcome, heard).await?;
        let failed = |why: String| Failure::Checker(broken(&self.checker, &why));
        if said.code != 0 {
            return Err(failed(format!("exited with code {}, and a grader has to exit with 0", said.code)));
        }
        Graded::read(&String::from_utf8_lossy(&said.stdout)).map_err(failed)
    }
}
