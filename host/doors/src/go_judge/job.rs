//! A command as a job.

use optimus_core::job::{FileRequest, Policy};
use optimus_core::{JobRequest, LimitsRequest, Test};

use super::request::Cmd;
use crate::store::OwnFiles;

mod descriptors;

pub(super) use self::descriptors::Collector;
use self::descriptors::{Descriptors, input};

const NS_PER_MS: u64 = 1_000_000;

/// A command that makes sense by itself.
#[derive(Debug)]
pub(super) struct Command {
    request: JobRequest,
    pub(super) stdout: Option<Collector>,
    pub(super) stderr: Option<Collector>,
    pub(super) out: Vec<Wanted>,
    pub(super) out_max: Option<u64>,
    pub(super) truncates: bool,
}

/// A file that the command should leave.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) is_optional: bool,
    /// Kept on the server, by an id, and not in the answer.
    pub(super) is_cached: bool,
}

impl Command {
    /// # Errors
    /// The first mistake, by its place in the command.
    pub(super) fn read(mut cmd: Cmd, language: &str, policy: &Policy, own: &OwnFiles) -> Result<Self, String> {
        if cmd.tty {
            return Err("tty: is not supported on this server: boxes have no terminal".to_owned());
        }
        if !cmd.cpu_set_limit.is_empty() {
            return Err("cpuSetLimit: is not supported on this server, which chooses the cores itself".to_owned());
        }
        let files = std::mem::take(&mut cmd.files);
        let Descriptors { stdin, mut stdout, mut stderr } = Descriptors::read(files, policy, own)?;
        let mut out = wanted(&cmd)?;
        // What a collector has is in the answer anyhow.
        for collector in [&mut stdout, &mut stderr].into_iter().flatten() {
            let is_own = |wanted: &Wanted| wanted.name == collector.name;
            collector.is_cached = out.iter().any(|wanted| is_own(wanted) && wanted.is_cached);
            out.retain(|wanted| !is_own(wanted));
        }
        let set = |value: u64| (value > 0).then_some(value);
        let (out_max, truncates) = (set(cmd.copy_out_max), cmd.copy_out_truncate);
        let streams = [&stdout, &stderr].into_iter().flatten();
        let most = streams.map(|stream| stream.most.max(1) as u64).max();
        // go-judge looks for a bare name in the work area first, then along PATH.
        if let Some(program) = cmd.args.first_mut().filter(|program| cmd.copy_in.contains_key(*program)) {
            program.insert_str(0, "./");
        }
        let copied = std::mem::take(&mut cmd.copy_in).into_iter().map(|(path, file)| {
            let content = input(file, own).map_err(|why| format!("copyIn[{path:?}]: {why}"))?;
            Ok(FileRequest { path, content })
        });
        let request = JobRequest {
            language: language.to_owned(),
            files: copied.collect::<Result<_, String>>()?,
            env: env(std::mem::take(&mut cmd.env))?,
            tests: vec![Test { stdin, ..Test::default() }],
            limits: LimitsRequest { output_bytes: most.map(Into::into), ..limits(&cmd, policy) },
            exact_limits: true,
            capture_bytes: most,
            collect: out.iter().map(|wanted| wanted.name.clone()).collect(),
            args: cmd.args,
            ..JobRequest::default()
        };
        Ok(Self { request, stdout, stderr, out, out_max, truncates })
    }

    /// Its job, without what the result is made of.
    pub(super) fn take_request(&mut self) -> JobRequest {
        std::mem::take(&mut self.request)
    }
}

/// Limits of the command, up to the operator's caps. One that is 0 is not set.
fn limits(cmd: &Cmd, policy: &Policy) -> LimitsRequest {
    let cap = &policy.cap;
    let set = |value: u64, cap: u64| (value > 0).then(|| value.min(cap));
    let clock = if cmd.real_cpu_limit > 0 { cmd.real_cpu_limit } else { cmd.clock_limit };
    let wall_ms = set(clock.div_ceil(NS_PER_MS), cap.wall_ms);
    let cpu_ms = set(cmd.cpu_limit.div_ceil(NS_PER_MS), cap.cpu_ms.min(wall_ms.unwrap_or(u64::MAX)));
    LimitsRequest {
        cpu_ms: cpu_ms.map(Into::into),
        wall_ms: wall_ms.map(Into::into),
        memory_bytes: set(cmd.memory_limit, cap.memory_bytes).map(Into::into),
        processes: set(cmd.proc_limit, cap.processes).map(Into::into),
        ..LimitsRequest::default()
    }
}

/// The files to copy out. One that is cached is not in the answer, too.
fn wanted(cmd: &Cmd) -> Result<Vec<Wanted>, String> {
    let mut out: Vec<Wanted> = Vec::new();
    for (field, names, is_cached) in [("copyOutCached", &cmd.copy_out_cached, true), ("copyOut", &cmd.copy_out, false)]
    {
        for name in names {
            let (name, is_optional) = name.strip_suffix('?').map_or((name.as_str(), false), |name| (name, true));
            // Paths of jobs are patterns.
            if name.contains(['*', '?']) {
                return Err(format!("{field}: {name:?} has a `*` or `?`, which is no name of a file here"));
            }
            if out.iter().all(|known| known.name != name) {
                out.push(Wanted { name: name.to_owned(), is_optional, is_cached });
            }
        }
    }
    Ok(out)
}

fn env(variables: Vec<String>) -> Result<std::collections::BTreeMap<String, String>, String> {
    let pair = |variable: String| match variable.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err(format!("env: {variable:?} has no `=`")),
    };
    variables.into_iter().map(pair).collect()
}
