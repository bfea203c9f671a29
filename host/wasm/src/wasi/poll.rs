//! Waiting: for a time, or for standard input.

use std::time::{Duration, Instant};

use optimus_core::LimitHit;

use super::{Call, Moved};
use crate::descriptors::Open;
use crate::errno::{End, Errno, Stop};

const SUBSCRIPTION: u32 = 48;
const EVENT: u32 = 32;
const MOST: u32 = 1024;
const CLOCK: u8 = 0;
const READ: u8 = 1;
const ABSOLUTE: u16 = 1;

struct Subscription {
    user_data: u64,
    tag: u8,
    what: What,
}

enum What {
    /// After so many ns.
    Clock(u64),
    Stdin,
    /// What is always ready.
    Ready,
    Refused(Errno),
}

impl Call<'_> {
    /// What is ready is reported at once. Otherwise stdin is waited for, without regard to a time that was given with
    /// it: whether input came in time would be different each time.
    pub(super) fn poll_oneoff(&mut self, from: u32, to: u32, count: u32, happened: u32) -> Moved {
        if count == 0 || count > MOST {
            return Err(Errno::Inval.into());
        }
        let all: Result<Vec<_>, Errno> = (0..count).map(|i| self.subscription(from, i)).collect();
        let all = all?;
        let at_once = all.iter().any(|one| matches!(one.what, What::Ready | What::Refused(_) | What::Clock(0)));
        let (mut stdin, mut slept) = (0, 0);
        if !at_once && all.iter().any(|one| matches!(one.what, What::Stdin)) {
            stdin = self.state.streams.await_stdin()?;
        } else if !at_once {
            slept = shortest(&all);
            self.sleep(slept)?;
        }
        let mut events = 0;
        for one in &all {
            let error = match &one.what {
                What::Refused(errno) => *errno,
                What::Stdin if !at_once => Errno::Success,
                What::Ready => Errno::Success,
                What::Clock(wait) if *wait == 0 || *wait == slept => Errno::Success,
                _ => continue,
            };
            let mut event = [0; EVENT as usize];
            event[..8].copy_from_slice(&one.user_data.to_le_bytes());
            event[8..10].copy_from_slice(&(error as u16).to_le_bytes());
            event[10] = one.tag;
            event[16..24].copy_from_slice(&(stdin as u64).to_le_bytes());
            let at = to.checked_add(events * EVENT).ok_or(Errno::Fault)?;
            self.guest.put(at, &event)?;
            events += 1;
        }
        self.guest.put_u32(happened, events)?;
        Ok(u64::from(count * SUBSCRIPTION))
    }

    fn subscription(&mut self, from: u32, number: u32) -> Result<Subscription, Errno> {
        let at = from.checked_add(number * SUBSCRIPTION).ok_or(Errno::Fault)?;
        let bytes: [u8; SUBSCRIPTION as usize] = self.guest.array(at)?;
        let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        let tag = bytes[8];
        let what = match tag {
            CLOCK if number(40).to_le_bytes()[..2] == ABSOLUTE.to_le_bytes() => {
                What::Clock(number(24).saturating_sub(self.now_ns))
            }
            CLOCK => What::Clock(number(24)),
            _ => match self.state.open.get(u32::from_le_bytes([bytes[16], bytes[17], bytes[18], bytes[19]])) {
                Ok(Open::Stdin) if tag == READ => What::Stdin,
                Ok(_) => What::Ready,
                Err(errno) => What::Refused(errno),
            },
        };
        Ok(Subscription { user_data: number(0), tag, what })
    }

    /// Sleeps, and puts the program's clock forward by exactly the time that it asked for.
    fn sleep(&mut self, wait: u64) -> Result<(), Stop> {
        self.state.streams.flush()?;
        let left = self.state.deadline.saturating_duration_since(Instant::now());
        let began = Instant::now();
        std::thread::sleep(Duration::from_nanos(wait).min(left));
        self.state.streams.blocked += began.elapsed();
        if Duration::from_nanos(wait) >= left {
            return Err(Stop::End(End::by_limit(LimitHit::WallTime)));
        }
        self.state.slept_ns = self.state.slept_ns.saturating_add(wait);
        Ok(())
    }
}

/// Of the times that are waited for.
fn shortest(all: &[Subscription]) -> u64 {
    let times = all.iter().filter_map(|one| match one.what {
        What::Clock(wait) => Some(wait),
        _ => None,
    });
    times.min().unwrap_or(0)
}
