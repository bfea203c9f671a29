//! Runs a program in two boxes at once, which try to tell each other something through what the kernel shares: one
//! watches, the other acts, the first looks; and then the next two boxes look, which may be the same ones again.

use std::sync::Arc;

use optimus_sandbox::{BoxStep, Feed, OpenBox, SandboxError, Stdin};
use tokio::sync::mpsc::unbounded_channel;

use crate::head::Case;
use crate::held::NotifyingSink;
use crate::programs::Program;
use crate::run::{Heard, Range};

impl Range<'_> {
    /// What of the first box was found in the second, or in the next ones.
    pub(crate) async fn pair(&self, program: &Program, case: &Case) -> Result<Vec<String>, SandboxError> {
        let mut wrong = Vec::new();
        let (mut one, mut other) = (self.open(program).await?, self.open(program).await?);
        let (watch_feed, act_feed) = (Arc::new(Feed::default()), Arc::new(Feed::default()));
        let (says_watching, mut watching) = unbounded_channel();
        let (says_acting, mut acting) = unbounded_channel();
        let watcher = role(&mut *one, program, case, "watch", &watch_feed, NotifyingSink::new(says_watching));
        let actor = async {
            // Gone without a word: then it has ended, and its own end says why.
            watching.recv().await;
            role(&mut *other, program, case, "act", &act_feed, NotifyingSink::new(says_acting)).await
        };
        let order = async {
            acting.recv().await;
            watch_feed.close();
        };
        let watcher = async {
            let said = watcher.await;
            act_feed.close();
            said
        };
        let (watched, acted, ()) = tokio::join!(watcher, actor, order);
        wrong.extend(watched?.map(|said| format!("meanwhile: {said}")));
        wrong.extend(acted?.map(|said| format!("the one that acts: {said}")));
        // Both go back to where boxes are kept, and come again.
        drop((one, other));
        let (mut one, mut other) = (self.open(program).await?, self.open(program).await?);
        for open in [&mut one, &mut other] {
            let feed = Arc::new(Feed::default());
            let said =
                role(&mut **open, program, case, "look", &feed, NotifyingSink::new(unbounded_channel().0)).await?;
            wrong.extend(said.map(|said| format!("afterwards: {said}")));
        }
        Ok(wrong)
    }
}

/// What it said, unless all is well.
async fn role(
    open: &mut dyn OpenBox,
    program: &Program,
    case: &Case,
    role: &str,
    feed: &Arc<Feed>,
    mut sink: NotifyingSink,
) -> Result<Option<String>, SandboxError> {
    let mut argv = vec![format!("./{}", program.name)];
    argv.extend(case.args.iter().cloned().chain([role.to_owned()]));
    let step = BoxStep { stdin: Stdin::Live(Arc::clone(feed)), ..BoxStep::new(&argv, program.head.limits) };
    let outcome = open.run(&step, &mut sink).await?;
    let heard: &Heard = &sink.heard;
    let well = outcome.is_success() && heard.stdout.trim_ascii_end().ends_with(b"ok");
    Ok((!well).then(|| format!("{outcome:?}, {heard}")))
}
