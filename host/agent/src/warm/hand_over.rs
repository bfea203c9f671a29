//! The agent's part of a warm start: starting a keeper, and giving it a step.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use optimus_agent::inventory::rlimits::RLIMITS;
use optimus_agent::protocol::Run;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::keeper::{self, Plan};
use super::lists::Groups;
use super::words::{Order, Word};
use super::{Keeper, Key, Place, is_readable, parent};
use crate::cgroup::Meter;
use crate::fault::{At as _, Fault};
use crate::step::{Orders, allowed, receive, say, seccomp, send};
use crate::sys;

/// A child is made in a millisecond; on a machine that is too busy, a cold start has no better chance.
const PATIENCE: Duration = Duration::from_secs(2);

/// Starts a keeper, which starts a parent.
pub(super) fn spawn(key: Key, place: &Place<'_>) -> Result<Keeper, Fault> {
    let (socket, there) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).at("warm: socketpair")?;
    let plan = Plan {
        launch: &key.launch,
        stack: parent::stack(key.stack),
        groups: groups(place.meter),
        filter: &seccomp::image(place.filter, place.counts_calls),
        has_build: place.has_build,
    };
    match sys::clone3(libc::CLONE_NEWNS | libc::CLONE_NEWIPC, None).at("warm: clone3")? {
        None => {
            drop(socket);
            keeper::live(&plan, &there)
        }
        Some(child) => {
            let (parent, shared_bytes, since) = (None, None, Instant::now());
            Ok(Keeper { key, child, socket, parent, shared_bytes, children: 0, since })
        }
    }
}

fn groups(meter: &Meter) -> Groups {
    match (meter.directory(), meter.entrances().count()) {
        (Some(_), _) => Groups::Into,
        (None, 0) => Groups::None,
        (None, files) => Groups::Join(files as u64),
    }
}

/// Has a child started in the place that an init has prepared, and the init adopt it. Returns where the calls arrive that
/// the child's filter leaves to us.
pub(super) fn hand_over(
    keeper: &Keeper,
    control: &OwnedFd,
    run: &Run,
    streams: &[OwnedFd; 3],
    meter: &Meter,
) -> Result<Option<OwnedFd>, Fault> {
    say(control, &Orders::Adopt).at("warm: tell the init")?;
    let namespaces = namespaces(control)?;
    let mut files: Vec<BorrowedFd<'_>> = namespaces.iter().chain(streams).map(OwnedFd::as_fd).collect();
    files.extend(meter.entrances());
    let limits = RLIMITS.iter().map(|limit| kernels(allowed(limit, &run.limits))).collect();
    send(&keeper.socket, &Order { limits, processors: run.processors.clone() }, &files).at("warm: order")?;
    if !is_readable(&keeper.socket, PATIENCE) {
        return Err(Fault::new("warm: no answer", Errno::TIMEDOUT));
    }
    match receive::<Word>(&keeper.socket).at("warm: answer")? {
        Some((Word::Started { at }, mut listener)) => {
            say(control, &at).at("warm: tell the init")?;
            Ok(listener.pop())
        }
        Some((Word::Failed { stage, errno }, _)) => Err(Fault { stage, errno }),
        Some(_) => Err(Fault::new("warm: nonsense", Errno::INVAL)),
        None => Err(Fault::new("warm: the keeper died", Errno::CHILD)),
    }
}

fn namespaces(control: &OwnedFd) -> Result<Vec<OwnedFd>, Fault> {
    if !is_readable(control, PATIENCE) {
        return Err(Fault::new("warm: the init is silent", Errno::TIMEDOUT));
    }
    match receive::<u8>(control).at("warm: hear the init")? {
        Some((_, files)) if files.len() == 4 => Ok(files),
        _ => Err(Fault::new("warm: the init shows no namespaces", Errno::INVAL)),
    }
}

/// `RLIM_INFINITY` where there is no limit.
fn kernels(limit: Option<u64>) -> [u64; 2] {
    [limit.unwrap_or(u64::MAX); 2]
}
