//! What a step took of the kernel is given back a moment after its last process is gone: the segments of an IPC namespace,
//! for one, by a work queue (`free_ipc`, ipc/namespace.c). Until then the step's group, which the next step shares, is
//! charged for it: an init that enters a full group is killed before its program starts.

use std::time::{Duration, Instant};

use super::Site;
use crate::cgroup::Meter;
use crate::step::BUILD;

/// More than an init takes, with its namespaces and mounts.
const ROOM: u64 = 4 << 20;
/// A busy machine may take long to give memory back. What is still there afterwards stays.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(1);

impl Site {
    /// Whether an init can be prepared while earlier steps are still charged for what they held.
    pub(super) fn has_room(&self) -> bool {
        let meter = &self.state.meter;
        meter.memory_limit().is_none_or(|limit| leftover(meter) + ROOM <= limit)
    }

    /// Waits until earlier steps, whose processes are gone, are charged for no more than their files.
    pub(super) fn settle(&mut self) {
        let start = Instant::now();
        loop {
            let left = leftover(&self.state.meter);
            // Files of the build area stay, and so does what an earlier wait did not see the end of.
            if left <= ROOM || left <= ROOM + self.stays + build_bytes(self.state.build.is_some()) {
                return;
            }
            if start.elapsed() >= PATIENCE {
                self.stays = left;
                return;
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// Bytes that the group is charged for, but for the page cache of the host's files.
fn leftover(meter: &Meter) -> u64 {
    match meter.current() {
        current if current <= ROOM => current,
        current => current.saturating_sub(meter.cached()),
    }
}

/// Bytes of the files in the build area.
fn build_bytes(exists: bool) -> u64 {
    let area = exists.then(|| rustix::fs::statvfs(BUILD).ok()).flatten();
    area.map_or(0, |area| (area.f_blocks - area.f_bfree) * area.f_frsize)
}
