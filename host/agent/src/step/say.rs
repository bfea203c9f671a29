//! Messages between the agent and an init: a length, and that many bytes of postcard.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::cmsg_space;
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Above what any launch takes.
const MAX: usize = 2 << 20;

/// Sends a message.
pub(crate) fn say(to: impl AsFd, message: &impl Serialize) -> Result<(), Errno> {
    let payload = postcard::to_stdvec(message).map_err(|_| Errno::INVAL)?;
    let mut bytes = u32::try_from(payload.len()).map_err(|_| Errno::TOOBIG)?.to_le_bytes().to_vec();
    bytes.extend_from_slice(&payload);
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let sent = retry_on_intr(|| rustix::net::send(&to, rest, SendFlags::NOSIGNAL))?;
        rest = &rest[sent..];
    }
    Ok(())
}

/// Waits for a message; `None` when the other side has gone.
pub(super) fn hear<T: DeserializeOwned>(from: impl AsFd) -> Result<Option<T>, Errno> {
    let mut length = [0; 4];
    if !read_exact(&from, &mut length)? {
        return Ok(None);
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX {
        return Err(Errno::TOOBIG);
    }
    let mut payload = vec![0; length];
    if !read_exact(&from, &mut payload)? {
        return Ok(None);
    }
    postcard::from_bytes(&payload).map(Some).map_err(|_| Errno::INVAL)
}

/// Sends a descriptor, or word that there is none.
pub(super) fn pass(to: impl AsFd, fd: Option<BorrowedFd<'_>>) -> Result<(), Errno> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if let Some(fd) = &fd {
        control.push(SendAncillaryMessage::ScmRights(std::slice::from_ref(fd)));
    }
    retry_on_intr(|| sendmsg(&to, &[IoSlice::new(&[0])], &mut control, SendFlags::NOSIGNAL)).map(|_| ())
}

/// Waits for what [`pass`] sends.
pub(crate) fn take(from: impl AsFd) -> Result<Option<OwnedFd>, Errno> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut word = [0];
    retry_on_intr(|| recvmsg(&from, &mut [IoSliceMut::new(&mut word)], &mut control, RecvFlags::CMSG_CLOEXEC))?;
    let descriptors = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(fds) => Some(fds),
        _ => None,
    });
    Ok(descriptors.flatten().next())
}

fn read_exact(from: &impl AsFd, buffer: &mut [u8]) -> Result<bool, Errno> {
    let mut done = 0;
    while done < buffer.len() {
        match retry_on_intr(|| rustix::io::read(from, &mut buffer[done..]))? {
            0 => return Ok(false),
            read => done += read,
        }
    }
    Ok(true)
}
