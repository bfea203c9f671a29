//! The engine process: it runs programs for one box, and nothing else.
//!
//! It compiles its runtime first, then gives up everything but memory, time and the stream to its sandbox, and only then
//! reads what strangers wrote.

mod execute;
mod filter;
mod machine;

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;

use optimus_core::collect::Pattern;

use crate::fs::{self, Fs, Stage};
use crate::protocol::{CHUNK, Kind, Pipe, Reply, Request, Run, parse};
use crate::streams::Channel;
use machine::Machine;
pub(crate) use machine::compile;

/// The stack of the thread that programs run on: theirs, and that of the calls they make.
const STACK_BYTES: usize = machine::PROGRAM_STACK_BYTES + (4 << 20);

/// Runs programs as the sandbox at the other end of stdin, a socket, asks. `runtime` is the module that programs of this
/// box are started with, if any; compiled code of runtimes is kept in `cache`.
pub fn engine_process(runtime: Option<&Path>, cache: Option<&Path>) -> ExitCode {
    let serve = || -> io::Result<()> {
        let stream = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        Engine::start(stream, runtime, cache)?.serve()
    };
    let ended = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("programs".to_owned()).stack_size(STACK_BYTES);
        thread.spawn_scoped(scope, serve).map(std::thread::ScopedJoinHandle::join)
    });
    match ended {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        // The sandbox sees the stream end, and knows whether it asked for that.
        _ => ExitCode::FAILURE,
    }
}

struct Engine {
    channel: Channel,
    machine: Machine,
    stage: Stage,
    /// The build area, once a step has worked there.
    build: Option<Fs>,
}

impl Engine {
    fn start(stream: File, runtime: Option<&Path>, cache: Option<&Path>) -> io::Result<Self> {
        let machine = Machine::new(runtime, cache).map_err(io::Error::other)?;
        filter::restrict()?;
        let channel = Rc::new(RefCell::new(Pipe(stream)));
        channel.borrow_mut().reply(&Reply::Done)?;
        Ok(Self { channel, machine, stage: Stage::default(), build: None })
    }

    /// Answers requests until the sandbox is gone.
    fn serve(mut self) -> io::Result<()> {
        loop {
            let received = self.channel.borrow_mut().receive()?;
            let Some((Kind::Message, payload)) = received else { return Ok(()) };
            let reply = match parse(&payload)? {
                Request::Stage(files) => {
                    for file in files {
                        self.stage.put(file.path, file.content.into(), file.executable);
                    }
                    Reply::Done
                }
                Request::Restore { archive } => match Stage::from_archive(&archive) {
                    Ok(stage) => {
                        self.stage = stage;
                        Reply::Done
                    }
                    Err(why) => Reply::Refused(why),
                },
                Request::Collect { paths } => self.collect(&paths)?,
                Request::Gather { patterns, cap_bytes, drop_build } => self.gather(&patterns, cap_bytes, drop_build)?,
                Request::Run(run) => Reply::Ended(Box::new(self.run(*run)?)),
            };
            self.channel.borrow_mut().reply(&reply)?;
        }
    }

    fn collect(&mut self, paths: &[optimus_core::plan::Collect]) -> io::Result<Reply> {
        let build = self.build.get_or_insert_with(|| Fs::new(&self.stage, true));
        match Stage::collect(&build.roots[0], paths) {
            Ok(stage) => self.stage = stage,
            Err(why) => return Ok(Reply::Refused(why)),
        }
        self.send(&self.stage)?;
        Ok(Reply::Done)
    }

    fn gather(&mut self, patterns: &[Pattern], cap_bytes: u64, drop_build: bool) -> io::Result<Reply> {
        let build = self.build.get_or_insert_with(|| Fs::new(&self.stage, true));
        let (gathered, notes) = fs::gather(&build.roots[0], patterns, cap_bytes);
        if drop_build {
            self.build = None;
        }
        self.send(&gathered)?;
        Ok(Reply::Gathered { notes })
    }

    fn send(&self, files: &Stage) -> io::Result<()> {
        for chunk in files.archive()?.chunks(CHUNK) {
            self.channel.borrow_mut().send(Kind::Data, chunk)?;
        }
        Ok(())
    }

    fn run(&mut self, run: Run) -> io::Result<crate::protocol::Ended> {
        let fs = match (run.fresh, self.build.take()) {
            (false, Some(build)) => build,
            (false, None) => Fs::new(&self.stage, true),
            (true, build) => {
                self.build = build;
                Fs::new(&self.stage, false)
            }
        };
        let fresh = run.fresh;
        let ended = execute::execute(&mut self.machine, &fs, run, &self.channel)?;
        if !fresh {
            self.build = Some(fs);
        }
        Ok(ended)
    }
}
