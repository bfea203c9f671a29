//! Subordinate ids of an ordinary user, subuid(5): each box gets two of them, as root's boxes do.
//!
//! A user namespace is made once that holds all of them, with the user as its root. `newuidmap` and `newgidmap` (Debian's
//! package `uidmap`) write its maps. Each box's agent enters it and makes the box's own user namespace there.

use std::fs;
use std::io::Read as _;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::process::{Child, Command, Stdio};

use optimus_agent::protocol::{HOLD_IDS, Ids};

use super::agent::Agent;

/// The fewest ids that are worth it: two for each of some boxes, and none is given again soon.
const FEWEST: u32 = 1024;

/// The user namespace with the granted ids. Its id 0 is the user, and those from 1 on are for boxes.
#[derive(Debug)]
pub(super) struct Granted {
    namespace: OwnedFd,
    count: u32,
}

/// Why no ids can be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotGranted {
    #[error("`{file}` grants user {user} ({uid}) {count} ids; at least {FEWEST} are needed")]
    TooFew { file: &'static str, user: String, uid: u32, count: u32 },
    #[error("`{program}`: {reason}")]
    Program { program: &'static str, reason: String },
    #[error("cannot make the user namespace of the granted ids: {0}")]
    Namespace(#[from] std::io::Error),
}

/// Ids that follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    first: u32,
    count: u32,
}

impl Granted {
    /// How many ids can be had here.
    pub(super) fn look() -> Result<u32, NotGranted> {
        let agent = Agent::new().map_err(std::io::Error::other)?;
        Self::find(&agent).map(|granted| granted.count)
    }

    /// Makes the namespace.
    pub(super) fn find(agent: &Agent) -> Result<Self, NotGranted> {
        let user = output("id", &["-un"])?.trim().to_owned();
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        let users = largest("/etc/subuid", &user, uid)?;
        let groups = largest("/etc/subgid", &user, uid)?;
        let mut holder = hold(agent)?;
        let process = holder.id().to_string();
        let mapped = map("newuidmap", &process, uid, users).and_then(|()| map("newgidmap", &process, gid, groups));
        let namespace = fs::File::open(format!("/proc/{process}/ns/user"));
        // The descriptor keeps the namespace.
        drop(holder.stdin.take());
        holder.wait()?;
        mapped?;
        Ok(Self { namespace: namespace?.into(), count: users.count.min(groups.count) })
    }

    /// Two ids for box `number`. No box gets those of another until so many have come between as there are pairs.
    pub(super) fn ids(&self, number: u32) -> Ids {
        let base = 1 + number % (self.count / 2) * 2;
        Ids::Granted { base, namespace: self.namespace.as_raw_fd(), worker: std::process::id() }
    }
}

/// Starts an agent that is in a new user namespace, and waits until it is.
fn hold(agent: &Agent) -> Result<Child, std::io::Error> {
    let mut holder = Command::new(agent.path())
        .arg(HOLD_IDS)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let made = holder.stdout.take().map_or(Ok(()), |mut stdout| stdout.read_exact(&mut [0; 1]));
    match made {
        Ok(()) => Ok(holder),
        Err(error) => {
            drop(holder.stdin.take());
            holder.wait()?;
            Err(error)
        }
    }
}

/// The largest range that `file`, of subuid(5) or subgid(5), grants to a user.
fn largest(file: &'static str, user: &str, uid: u32) -> Result<Range, NotGranted> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let range = ranges(&text, user, uid).max_by_key(|range| range.count);
    match range {
        Some(range) if range.count >= FEWEST => Ok(range),
        _ => {
            let count = range.map_or(0, |range| range.count);
            Err(NotGranted::TooFew { file, user: user.to_owned(), uid, count })
        }
    }
}

/// The ranges of one user: a line is `name or id:first:count`.
fn ranges<'a>(text: &'a str, user: &'a str, uid: u32) -> impl Iterator<Item = Range> + 'a {
    text.lines().filter_map(move |line| {
        let mut fields = line.trim().split(':');
        let owner = fields.next()?;
        let (first, count) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        (owner == user || owner.parse() == Ok(uid)).then_some(Range { first, count })
    })
}

/// Makes `own` the id 0 of a process's user namespace, and the range those from 1 on.
fn map(program: &'static str, process: &str, own: u32, range: Range) -> Result<(), NotGranted> {
    let [own, first, count] = [own, range.first, range.count].map(|number| number.to_string());
    output(program, &[process, "0", &own, "1", "1", &first, &count]).map(drop)
}

fn output(program: &'static str, arguments: &[&str]) -> Result<String, NotGranted> {
    let failed = |reason: String| NotGranted::Program { program, reason };
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| failed(error.to_string()))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_the_name_and_of_the_number() {
        let text = "ann:100000:65536\nbob:165536:65536\n1001:300000:1000\nann:x:1\n\nann:400000\n";
        let of = |user, uid| ranges(text, user, uid).map(|range| (range.first, range.count)).collect::<Vec<_>>();
        assert_eq!(of("ann", 1001), [(100_000, 65_536), (300_000, 1_000)]);
        assert_eq!(of("bob", 1002), [(165_536, 65_536)]);
        assert_eq!(of("cem", 1003), []);
    }
}
