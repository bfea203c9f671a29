//! Attacks as warm children. Their command is a launcher of the box's toolchain, whose start is shared; once it is a
//! child, in the step's own walls, it becomes the attack.

use std::time::Duration;

use optimus_core::plan::PlacedFile;
use optimus_core::{Content, Limits};
use optimus_sandbox::{BoxStep, Discard, OpenBox, SandboxError, warm_starts};

use crate::head::Kind;
use crate::programs::Program;
use crate::run::{Range, box_path};

/// The file in which the launcher finds the attack's command.
pub(crate) const COMMAND: &str = "argv";
/// A parent is ready after some milliseconds; on a busy machine, after many.
const TRIES: u32 = 500;

/// Programs that run alone in a fresh view, to their end: all others are never started warm.
pub(crate) fn may_be_warm(program: &Program) -> bool {
    program.head.kind == Kind::Plain && !program.head.build
}

impl Range<'_> {
    /// The command of a step that runs `argv`.
    pub(crate) async fn command(&self, open: &mut dyn OpenBox, argv: Vec<String>) -> Result<Vec<String>, SandboxError> {
        let Some(launcher) = &self.launcher else { return Ok(argv) };
        let content =
            Content::from(argv.iter().flat_map(|word| [word.as_bytes(), b"\0"].concat()).collect::<Vec<u8>>());
        open.stage(&[PlacedFile { path: box_path(COMMAND), executable: false, content }]).await?;
        Ok(vec![launcher.clone()])
    }

    /// Runs the probe until a parent waits for steps with these limits.
    pub(crate) async fn wait_for_parent(&self, open: &mut dyn OpenBox, limits: Limits) -> Result<(), SandboxError> {
        if self.launcher.is_none() {
            return Ok(());
        }
        let argv = self.command(open, vec!["./probe".to_owned()]).await?;
        let before = warm_starts().started;
        for _ in 0..TRIES {
            open.run(&BoxStep { warm: true, ..BoxStep::new(&argv, limits) }, &mut Discard).await?;
            if warm_starts().started > before {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }
}
