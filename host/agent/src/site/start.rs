//! How a step's program is started: by its init, or warm, as a copy of a parent. Whatever goes wrong with the second, the
//! first takes its place, in a place of its own.

use std::os::fd::OwnedFd;

use optimus_agent::protocol::Run;

use super::Site;
use crate::fault::{At as _, Fault};
use crate::step::seccomp::Listener;
use crate::step::{Begun, Launch, Prepared, take};
use crate::warm::Place;

impl Site {
    /// Sets the step's limits, and starts its program if that can be done warm. Otherwise it is left to the init.
    pub(super) fn start(
        &mut self,
        mut prepared: Prepared,
        order: &Run,
        launch: Launch,
    ) -> Result<(Prepared, Begun), Fault> {
        let listener = hear_listener(&prepared)?;
        self.counts_calls = listener.is_some();
        // Dropped when this function returns: a stream ends only once no process holds the program's end of it.
        let streams = prepared.theirs.take();
        if order.stdin_bytes.is_none() || order.channels > 0 {
            // Whether such a step waits for input is seen by looking at every process of the box.
            self.state.warm.end();
        } else if let (true, Some(streams)) = (order.warm && order.fresh && self.state.warm.is_on(), streams)
            && let Some(shared) = self.state.warm.ready(&launch, &order.limits)
            && shared < order.limits.memory_bytes / 2
        {
            return self.start_warm(prepared, order, launch, shared, &streams);
        }
        self.state.meter.arm(&order.limits, 0)?;
        Ok((prepared, Begun { launch: Some(launch), listener }))
    }

    fn start_warm(
        &mut self,
        prepared: Prepared,
        order: &Run,
        launch: Launch,
        shared: u64,
        streams: &[OwnedFd; 3],
    ) -> Result<(Prepared, Begun), Fault> {
        self.state.meter.arm(&order.limits, shared)?;
        if let Ok(listener) = self.state.warm.start(&prepared.control, order, streams, &self.state.meter) {
            return Ok((prepared, Begun { launch: None, listener: listener.map(Listener::from) }));
        }
        let shape = prepared.shape;
        self.dying.push(prepared.dismiss());
        let mut again = self.prepare(shape)?;
        again.theirs = None;
        self.bury()?;
        self.state.meter.arm(&order.limits, 0)?;
        let listener = hear_listener(&again)?;
        Ok((again, Begun { launch: Some(launch), listener }))
    }

    /// Starts a parent for the command that is likely to come again.
    pub(super) fn warm_up(&mut self) {
        let place = Place {
            filter: &self.state.filter,
            counts_calls: self.counts_calls,
            meter: &self.state.meter,
            has_build: self.state.build.is_some(),
        };
        self.state.warm.look_ahead(&place);
    }
}

/// The first that an init sends.
fn hear_listener(prepared: &Prepared) -> Result<Option<Listener>, Fault> {
    Ok(take(&prepared.control).at("take the listener")?.map(Listener::from))
}
