//! Pid 1 of every box. It is told how to build the box and what to run in it, by frames on its standard input.
//!
//! It trusts nobody: the programs it starts are strangers', what they leave in the box is theirs, and a host that talks
//! nonsense is left. It has one thread, and it never runs anything of a stranger's outside of a step's namespaces.
#![expect(unsafe_code, reason = "clone3, mount_setattr, execve and the like have no safe wrapper; all stand in `sys`")]

mod box_state;
mod capabilities;
mod cgroup;
mod fault;
mod files;
mod link;
mod site;
mod step;
mod sys;
mod wall;
mod warm;

use std::process::ExitCode;

use optimus_agent::protocol::{Cgroup, Garbled, HOLD_IDS, Hello, Ids, Kind, Reply, Request, Run, read_message};
use rustix::fs::{Mode, OFlags, fcntl_setfl};

use crate::box_state::BoxState;
use crate::cgroup::Meter;
use crate::fault::{At as _, Fault};
use crate::files::Taken;
use crate::link::{Link, leave};
use crate::site::Site;
use crate::step::{BUILD, STAGE};
use crate::wall::{Programs, Side};

fn main() -> ExitCode {
    inherit_no_ignored_signals();
    rustix::process::umask(Mode::empty());
    // We were started by a descriptor's number, which is what `ps` would show.
    let _ = rustix::thread::set_name(c"optimus-agent");
    if std::env::args_os().nth(1).is_some_and(|word| word == HOLD_IDS) {
        return wall::hold_granted().map_or(ExitCode::from(1), |()| ExitCode::SUCCESS);
    }
    let mut link = match open_link() {
        Ok(link) => link,
        Err(_) => return ExitCode::from(2),
    };
    let Request::Hello(hello) = receive(&mut link) else { leave(&Garbled::Order) };
    let mut link = Some(link);
    match enter(&mut link, &hello) {
        Ok(Some(mut site)) => serve(&mut site),
        Ok(None) => ExitCode::SUCCESS,
        Err(fault) => {
            if let Some(mut link) = link {
                report(&mut link, fault);
            }
            ExitCode::from(1)
        }
    }
}

/// What whoever started the worker had ignored (`nohup`, a shell's background) would stay so for every program, signal(7).
fn inherit_no_ignored_signals() {
    // Ours stays ignored until a program is started: a host that has gone is an error, not an end.
    for signal in (1..=libc::SIGRTMAX()).filter(|signal| *signal != libc::SIGPIPE) {
        sys::default_action(signal);
    }
}

/// Standard input carries both directions when it is a socket; otherwise standard output carries ours.
fn open_link() -> Result<Link, Fault> {
    let input = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3).at("dup stdin")?;
    let both = rustix::net::sockopt::socket_type(&input).is_ok();
    let output = if both {
        rustix::io::fcntl_dupfd_cloexec(&input, 3).at("dup stdin")?
    } else {
        rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3).at("dup stdout")?
    };
    fcntl_setfl(&input, OFlags::NONBLOCK).at("non-blocking input")?;
    fcntl_setfl(&output, OFlags::NONBLOCK).at("non-blocking output")?;
    Ok(Link::new(input, output))
}

/// Builds the box. `None` outside of it, once it is over.
fn enter(link: &mut Option<Link>, hello: &Hello) -> Result<Option<Site>, Fault> {
    if let Ids::Granted { worker, namespace, .. } = hello.wall.ids {
        wall::enter_granted(worker, namespace)?;
    }
    let meter = Meter::open(&hello.cgroup)?;
    if let (Ids::Granted { base, .. }, Cgroup::V2 { group }) = (hello.wall.ids, &hello.cgroup) {
        cgroup::hand_over(group, base)?;
    }
    // The box alone speaks to the host: when it has gone, so has the stream.
    let outside = || {
        *link = None;
        detach_stdio();
    };
    let programs = match wall::build(&hello.wall, outside)? {
        Side::Inside(programs) => programs,
        Side::Outside => return Ok(None),
    };
    wall::mount_tmpfs(STAGE, &step::tmpfs_options(hello.stage_bytes)?)?;
    if hello.warm && programs == Programs::Apart {
        step::keep_inheritable()?;
    }
    step::drop_bounding_set()?;
    step::seccomp::restrict_box()?;
    let filter = step::seccomp::step_filter();
    Ok(link.take().map(|link| Site::new(BoxState::new(link, meter, filter, programs, hello))))
}

/// Standard input and output are the control stream; whoever has no use for it must not hold it open.
fn detach_stdio() {
    let null = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty());
    if let Ok(null) = null {
        let _ = rustix::stdio::dup2_stdin(&null);
        let _ = rustix::stdio::dup2_stdout(&null);
    }
}

fn serve(site: &mut Site) -> ExitCode {
    site.state.link.push_message(&Reply::Ready);
    site.state.link.flush();
    if let Err(fault) = site.look_ahead() {
        report(&mut site.state.link, fault);
        return ExitCode::from(1);
    }
    loop {
        let request = receive(&mut site.state.link);
        // What was unpacked is run at once: to look ahead then would only be in the way.
        let at_once = matches!(request, Request::Unpack { .. } | Request::UnpackFile { .. });
        match answer(site, request) {
            Ok(reply) => {
                site.state.link.push_message(&reply);
                site.state.link.flush();
                site.part();
            }
            Err(fault) => {
                report(&mut site.state.link, fault);
                return ExitCode::from(1);
            }
        }
        // After the answer, while the host thinks about it.
        if !at_once && let Err(fault) = site.look_ahead() {
            report(&mut site.state.link, fault);
            return ExitCode::from(1);
        }
    }
}

fn answer(site: &mut Site, request: Request) -> Result<Reply, Fault> {
    match request {
        Request::Hello(_) => leave(&Garbled::Order),
        Request::Unpack { replace, bytes } => {
            if replace {
                site.empty_stage()?;
            }
            files::unpack(&mut site.state.link, STAGE, bytes)?;
            Ok(Reply::Done)
        }
        Request::UnpackFile { replace } => {
            if replace {
                site.empty_stage()?;
            }
            files::unpack_file(&site.state.link.take_file().into(), STAGE)?;
            Ok(Reply::Done)
        }
        Request::Run(order) => run(site, &order),
        Request::Collect { paths, cap_bytes } => {
            site.need_build(None)?;
            site.empty_stage()?;
            let taken = files::collect(&mut site.state.link, BUILD, STAGE, &paths, cap_bytes)?;
            site.drop_build()?;
            Ok(match taken {
                Taken::All => Reply::Done,
                Taken::Refused(why) => Reply::Refused(why),
            })
        }
        Request::Gather { patterns, cap_bytes, drop_build } => {
            site.need_build(None)?;
            let notes = files::gather(&mut site.state.link, BUILD, &patterns, cap_bytes)?;
            if drop_build {
                site.drop_build()?;
            }
            Ok(Reply::Gathered { notes })
        }
        Request::Reset => site.reset().map(|()| Reply::Done),
    }
}

fn run(site: &mut Site, order: &Run) -> Result<Reply, Fault> {
    site.run(order).map(|ended| Reply::Ended(Box::new(ended)))
}

/// The next request. Data may be left over from a step that ended before it had read its input.
fn receive(link: &mut Link) -> Request {
    loop {
        match link.receive() {
            (Kind::Message, payload) => return read_message(&payload).unwrap_or_else(|garbled| leave(&garbled)),
            (Kind::Data | Kind::Channel(_), _) => {}
            _ => leave(&Garbled::Order),
        }
    }
}

fn report(link: &mut Link, fault: Fault) {
    link.push_message(&Reply::Failed { stage: fault.stage, errno: fault.errno });
    link.flush();
}
