//! What a step makes the kernel hold that no control group is charged for, as far as that is known: behind descriptors
//! and mappings. What holds most, the agent is asked for before it is made, so that it cannot pass the bound. For the
//! rest, a look at what the group is charged for of the kernel's memory shows whether a count is due.

mod count;

use std::time::{Duration, Instant};

use count::Count;

/// The most that may be held: 6,800 epoll sets or timers, 43,600 other descriptors, 41,900 mappings, or some of each.
const BOUND: u64 = 2 << 20;
/// What the group is charged for of the kernel's memory must have grown by so much, and by a quarter, before another count.
const STEP: u64 = 1 << 20;
/// A step that is charged for more than this is counted now and then: what the step before held is given back meanwhile,
/// which may hide that it grows, and calls that wait are charged for nothing.
const MUCH: u64 = 1 << 20;
const NOW_AND_THEN: Duration = Duration::from_millis(100);
/// Such counts take a twentieth of our time at most.
const SHARE: u32 = 20;

/// The least time between two looks.
pub(super) const SOON: Duration = Duration::from_millis(5);

/// What has been seen of it.
pub(super) struct Held {
    /// Suspends the step's processes (`true`), or resumes them.
    stand_still: fn(bool),
    /// What the last count found, in bytes.
    counted: u64,
    /// What has been made since then.
    made: u64,
    /// What the group was charged for when it was counted last.
    charged: u64,
    /// The group's kernel memory grows, so that a count will be due.
    pub(super) grows: bool,
    /// When to look again.
    next: Instant,
    /// When to count again, although nothing grows.
    due: Instant,
}

impl Held {
    pub(super) fn new(stand_still: fn(bool)) -> Self {
        let now = Instant::now();
        Self { stand_still, counted: 0, made: 0, charged: 0, grows: false, next: now, due: now + NOW_AND_THEN }
    }

    /// Notes that something is about to be made that holds so many bytes. When that is too much, what the step holds, in
    /// words for people. What has been closed is found out by a count, once it seems too much; before the step stands
    /// still for it, the box is `cleared` of everything else that would have to.
    pub(super) fn make(&mut self, bytes: u64, cleared: impl FnOnce()) -> Option<String> {
        self.made += bytes;
        if self.counted + self.made <= BOUND {
            return None;
        }
        let too_much = self.count(bytes, cleared);
        self.made = bytes;
        too_much
    }

    /// What the step holds beyond the bound, in words for people. `charged` is what its group is charged for of the
    /// kernel's memory; without a group, everything is counted now and then.
    pub(super) fn too_much(&mut self, charged: impl FnOnce() -> Option<u64>, cleared: impl FnOnce()) -> Option<String> {
        let now = Instant::now();
        if now < self.next {
            return None;
        }
        self.next = now + SOON;
        let charged = charged();
        self.charged = self.charged.min(charged.unwrap_or(0));
        self.grows = charged.is_some_and(|charged| charged > self.charged + STEP / 4);
        let has_grown = charged.is_some_and(|charged| charged >= self.charged + STEP.max(self.charged / 4));
        let is_due = now >= self.due && charged.is_none_or(|charged| charged > MUCH);
        if !has_grown && !is_due {
            return None;
        }
        let too_much = self.count(0, cleared);
        self.charged = charged.unwrap_or(0);
        self.next += now.elapsed();
        self.due = now + NOW_AND_THEN.max(now.elapsed() * SHARE);
        too_much
    }

    /// What the step holds, in words, if that and `more` is too much. A rough count is enough for most; where it is not, the
    /// step stands still while it is counted exactly, since that takes a while in which it could go on.
    fn count(&mut self, more: u64, cleared: impl FnOnce()) -> Option<String> {
        let mut count = Count::roughly(BOUND);
        if count.bytes() + more > BOUND {
            cleared();
            (self.stand_still)(true);
            count = Count::exactly(BOUND);
        }
        (self.counted, self.made) = (count.bytes(), 0);
        if self.counted + more > BOUND {
            return Some(count.to_string());
        }
        if !count.is_rough() {
            (self.stand_still)(false);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_counted_when_the_kernel_holds_more_and_now_and_then() {
        let mut held = Held::new(|_| {});
        assert_eq!(held.too_much(|| Some(STEP / 2), || {}), None);
        assert!(held.grows && held.charged == 0);
        assert_eq!(held.too_much(|| unreachable!("it is too soon"), || {}), None);
        std::thread::sleep(SOON);
        held.too_much(|| Some(2 * STEP), || {});
        assert_eq!(held.charged, 2 * STEP, "it was counted");
        let now = Instant::now();
        (held.next, held.due) = (now, now);
        held.too_much(|| Some(STEP / 2), || {});
        assert_eq!(held.due, now, "it holds little, and nothing grows");
        held.next = now;
        held.too_much(|| None, || {});
        assert!(held.due > now, "nobody tells, so it was counted");
    }

    #[test]
    fn what_is_made_is_counted_only_when_it_seems_too_much() {
        let mut held = Held::new(|_| {});
        for _ in 0..BOUND / 256 {
            assert_eq!(held.make(256, || {}), None);
        }
        assert_eq!((held.counted, held.made), (0, BOUND), "nothing was counted yet");
        held.make(256, || {});
        assert_eq!(held.made, 256, "it was counted");
    }
}
