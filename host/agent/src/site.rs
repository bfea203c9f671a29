//! The inside of a box: what the agent keeps from one request to the next.

mod settle;
mod start;

use optimus_agent::protocol::{Ended, Run, Start};
use rustix::fs::{AtFlags, CWD, Mode, chmodat};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount_remount, unmount};
use rustix::process::{Pid, WaitOptions, test_kill_process, wait};

use crate::box_state::BoxState;
use crate::fault::{At as _, Fault};
use crate::files;
use crate::step::{self, BUILD, Finished, Prepared, STAGE, Shape};
use crate::sys::Child;
use crate::wall::mount_tmpfs;

/// The inside of a box.
pub(crate) struct Site {
    pub(crate) state: BoxState,
    /// The last step's filter left some calls to us.
    counts_calls: bool,
    prepared: Option<Prepared>,
    /// The step that has just ended: its init still holds its namespaces.
    ended: Option<Finished>,
    dying: Vec<Child>,
    /// Fresh runs since the stage was emptied, and the size of their work area.
    runs: u32,
    work_bytes: u64,
    /// Bytes that the steps' group goes on being charged for, beside the build area.
    stays: u64,
}

/// What most jobs ask for; a wrong guess costs one preparation.
const WORK_GUESS: u64 = optimus_core::Limits::DEFAULT.work_bytes;

impl Site {
    /// An empty box.
    pub(crate) fn new(state: BoxState) -> Self {
        Self {
            state,
            counts_calls: false,
            prepared: None,
            ended: None,
            dying: Vec::new(),
            runs: 0,
            work_bytes: WORK_GUESS,
            stays: 0,
        }
    }

    /// Empties the stage. The mount stays, because an init that has been prepared sees it already.
    pub(crate) fn empty_stage(&mut self) -> Result<(), Fault> {
        self.runs = 0;
        files::empty(STAGE)
    }

    /// Drops the build area.
    pub(crate) fn drop_build(&mut self) -> Result<(), Fault> {
        match self.state.build.take() {
            Some(_) => unmount(BUILD, UnmountFlags::DETACH).at("unmount the build area"),
            None => Ok(()),
        }
    }

    /// Runs one step.
    pub(crate) fn run(&mut self, order: &Run) -> Result<Ended, Fault> {
        if !order.fresh {
            self.need_build(Some(order.limits.work_bytes))?;
        }
        let shape = Shape { fresh: order.fresh, work_bytes: order.limits.work_bytes };
        let prepared = match self.prepared.take() {
            Some(prepared) if prepared.shape == shape => prepared,
            other => {
                self.dying.extend(other.map(Prepared::dismiss));
                if !self.has_room() {
                    self.bury()?;
                    self.settle();
                }
                self.prepare(shape)?
            }
        };
        self.bury()?;
        self.settle();
        let launch = step::launch(&self.state, order);
        let (prepared, begun) = self.start(prepared, order, launch)?;
        let start = if begun.launch.is_some() { Start::Cold } else { Start::Warm };
        let (mut ended, finished) = step::supervise(&mut self.state, prepared, order, begun)?;
        (ended.start, ended.warm_fault) = (start, self.state.warm.take_news());
        self.ended = Some(finished);
        if order.fresh {
            self.runs += 1;
            self.work_bytes = order.limits.work_bytes;
        }
        Ok(ended)
    }

    /// Lets go of the step that has ended. The namespaces go with it, which takes a while: so the answer goes first.
    pub(crate) fn part(&mut self) {
        self.dying.extend(self.ended.take().map(Finished::dismiss));
    }

    /// Prepares for the step that is likely to come: a fresh run. But not after the first of them, because many jobs
    /// have one test; a second means many.
    pub(crate) fn look_ahead(&mut self) -> Result<(), Fault> {
        self.warm_up();
        if self.runs == 1 || self.prepared.is_some() || !self.has_room() {
            return Ok(());
        }
        let shape = Shape { fresh: true, work_bytes: self.work_bytes };
        self.prepared = Some(self.prepare(shape)?);
        Ok(())
    }

    /// Forgets everything.
    pub(crate) fn reset(&mut self) -> Result<(), Fault> {
        self.dying.extend(self.prepared.take().map(Prepared::dismiss));
        self.drop_build()?;
        self.empty_stage()?;
        self.bury()?;
        self.must_be_alone()
    }

    /// Whatever is left in this box, besides warm parents and their keepers, is not ours.
    fn must_be_alone(&mut self) -> Result<(), Fault> {
        while let Ok(Some((pid, _))) = wait(WaitOptions::NOHANG) {
            if !self.state.warm.has_lost(pid) {
                return Err(Fault::new("reset: a process is left", Errno::BUSY));
            }
        }
        self.state.warm.listen();
        match step::entries("/proc").all(|pid| self.state.warm.knows(pid)) {
            true => Ok(()),
            false => Err(Fault::new("reset: a process is left", Errno::BUSY)),
        }
    }

    fn prepare(&mut self, shape: Shape) -> Result<Prepared, Fault> {
        self.state.meter.renew()?;
        step::prepare(&self.state, shape)
    }

    /// Waits until the inits of earlier steps are gone, so that they are not counted with the next one.
    ///
    /// Everything that ends is reaped: when a warm parent is killed while it forks, what it has started in a step's pid
    /// namespace becomes ours, and the init of that namespace ends only after it (pid_namespaces(7)).
    fn bury(&mut self) -> Result<(), Fault> {
        let mut dying: Vec<Pid> = self.dying.drain(..).map(|child| child.pid).collect();
        loop {
            // One that was reaped with an earlier one will not come.
            dying.retain(|pid| test_kill_process(*pid).is_ok());
            if dying.is_empty() {
                break;
            }
            match rustix::io::retry_on_intr(|| wait(WaitOptions::empty())) {
                Ok(_) => {}
                Err(Errno::CHILD) => break,
                Err(errno) => return Err(Fault::new("wait for an init", errno)),
            }
        }
        self.state.meter.tidy();
        Ok(())
    }

    /// Makes the build area, with a copy of the stage, and fits its size.
    pub(crate) fn need_build(&mut self, bytes: Option<u64>) -> Result<(), Fault> {
        let wanted = bytes.or(self.state.build).unwrap_or(WORK_GUESS);
        let options = step::tmpfs_options(wanted)?;
        match self.state.build.replace(wanted) {
            Some(size) if size == wanted => Ok(()),
            Some(_) => {
                let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOATIME;
                mount_remount(BUILD, flags, &options).at("resize the build area")
            }
            None => {
                mount_tmpfs(BUILD, &options)?;
                step::give(&self.state, BUILD)?;
                files::seed(&self.state, STAGE, BUILD)
            }
        }?;
        // A step may have locked itself out, and those after it.
        chmodat(CWD, BUILD, Mode::from_raw_mode(0o755), AtFlags::empty()).at("chmod the build area")
    }
}
