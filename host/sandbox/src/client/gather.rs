//! Reads the files that a run left. Their archive comes from a program's own area by way of the agent.

use bytes::{Bytes, BytesMut};
use optimus_agent::protocol::{Kind, Reply, Request};

use super::outgoing::Outgoing;
use super::replies::{Answer, reply, unexpected_reply};
use super::{AgentClient, EXCHANGE_TIMEOUT, Transport};
use crate::SandboxError;
use crate::gather::{Gather, Gathered};

impl<S: Transport> AgentClient<S> {
    /// Gathers files of the build area.
    ///
    /// # Errors
    /// The agent ended, broke the protocol, or reports what failed.
    pub async fn gather(&mut self, search: Gather<'_>) -> Result<Gathered, SandboxError> {
        let cap = search.archive_bytes();
        let Gather { patterns, cap_bytes, drop_build } = search;
        let request = Request::Gather { patterns: patterns.to_vec(), cap_bytes, drop_build };
        let mut archive = BytesMut::new();
        let outgoing = Outgoing::new(&request, Bytes::new())?;
        let mut append = |kind: Kind, payload: &[u8]| {
            if kind != Kind::Data {
                return match reply(kind, payload)? {
                    Reply::Gathered { notes } => Ok(Answer::Complete(notes)),
                    other => Err(unexpected_reply(other)),
                };
            }
            archive.extend_from_slice(payload);
            match archive.len() as u64 > cap {
                true => Err(SandboxError::Lost("the agent sent more files than were asked for".to_owned())),
                false => Ok(Answer::Partial),
            }
        };
        let notes = self.exchange(outgoing, EXCHANGE_TIMEOUT, &mut append).await?;
        let lost = |why| SandboxError::Lost(format!("the agent sent files that cannot be read: {why}"));
        Gathered::from_archive(&archive, notes).map_err(lost)
    }
}
