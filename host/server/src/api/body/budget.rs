//! The memory that bodies share, while they are read and until they are parsed.
//!
//! A small body counts in a pool of its own; one that grows beyond that moves to the pool of large ones. So a client that
//! sends much, or begins much and sends little, never keeps small requests out.

use std::sync::Arc;

use crate::api::pool::{Exhausted, Pool, Share};
use crate::api::{ApiLimits, SMALL_BODY};

/// The two pools, in bytes.
pub(in crate::api) struct Bodies {
    small: Arc<Pool>,
    large: Arc<Pool>,
}

/// The bytes of one body; given back when this is dropped.
pub(super) struct Held {
    small: Share,
    large: Share,
}

impl Bodies {
    pub(in crate::api) fn new(limits: &ApiLimits) -> Self {
        let pool = |cap: usize, one: usize| Pool::new(cap.max(one), (cap / 2).max(one));
        Self { small: pool(limits.small_held_bytes, SMALL_BODY), large: pool(limits.held_bytes, limits.body_bytes) }
    }

    /// A body that has not brought anything yet.
    pub(super) fn begin(&self, tenant: Option<&str>) -> Held {
        Held { small: self.small.begin(tenant), large: self.large.begin(tenant) }
    }
}

impl Held {
    /// Counts bytes that arrived.
    pub(super) fn grow(&mut self, by: usize) -> Result<(), Exhausted> {
        if self.large.amount() > 0 {
            return self.large.grow(by);
        }
        if self.small.amount() + by <= SMALL_BODY {
            return self.small.grow(by);
        }
        self.large.grow(self.small.amount() + by)?;
        self.small.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    fn bodies() -> Bodies {
        let held = (16 * MIB, MIB);
        Bodies::new(&ApiLimits {
            body_bytes: 4 * MIB,
            held_bytes: held.0,
            small_held_bytes: held.1,
            ..ApiLimits::default()
        })
    }

    fn held(bodies: &Bodies, tenant: &str, bytes: usize) -> Result<Held, Exhausted> {
        let mut held = bodies.begin(Some(tenant));
        held.grow(bytes).map(|()| held)
    }

    #[test]
    fn large_bodies_never_keep_small_ones_out() {
        let bodies = bodies();
        let large: Vec<_> = ["a", "a", "b", "b"].iter().map(|tenant| held(&bodies, tenant, 4 * MIB)).collect();
        assert!(large.iter().all(Result::is_ok));
        assert_eq!(held(&bodies, "c", 65 << 10).err(), Some(Exhausted::All));
        assert!(["a", "b", "c"].iter().all(|tenant| held(&bodies, tenant, 64 << 10).is_ok()));
    }

    #[test]
    fn a_body_that_grows_moves_from_one_pool_to_the_other() {
        let bodies = bodies();
        let mut growing = bodies.begin(Some("a"));
        (0..4).for_each(|_| assert!(growing.grow(16 << 10).is_ok()));
        assert_eq!((growing.small.amount(), growing.large.amount()), (64 << 10, 0));
        assert!(growing.grow(1).is_ok());
        assert_eq!((growing.small.amount(), growing.large.amount()), (0, (64 << 10) + 1));
    }
}
