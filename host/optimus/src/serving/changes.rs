//! Changes that a command line makes by itself, in the queue or the state directory: noted as a server notes its own.

use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;

use optimus_server::audit::{AuditLog, Entry, Outcome};

/// The audit log of a command line.
pub struct Changes(pub(super) Arc<AuditLog>);

impl Changes {
    /// Notes a change before it is made, and how it ended; `false` is one of something that is not there.
    ///
    /// # Errors
    /// The change fails; or it cannot be noted, and then it is not made.
    pub async fn note(
        &self,
        action: &str,
        target: &str,
        change: impl Future<Output = anyhow::Result<bool>>,
    ) -> anyhow::Result<bool> {
        let entry = Entry { user: Some(user()), from: machine(), ..Entry::new(action, target) };
        self.0.write(&entry).await?;
        let changed = change.await;
        let outcome = match changed {
            Ok(true) => Outcome::Done,
            Ok(false) => Outcome::Refused,
            Err(_) => Outcome::Failed,
        };
        let noted = self.0.write(&Entry { outcome, ..entry }).await;
        changed.and_then(|changed| noted.map(|()| changed))
    }
}

/// Who runs this process: the name that the environment gives, or the number of the account.
fn user() -> String {
    let named = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| match std::fs::metadata("/proc/self") {
        Ok(process) => format!("uid {}", process.uid()),
        Err(_) => "unknown".to_owned(),
    })
}

fn machine() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}
