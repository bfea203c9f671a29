//! A PostgreSQL server of the tests' own: on a socket in a directory that goes away with it, and on a loopback port.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use optimus_testing::postgres::{self, is_root, programs};
use tokio_postgres::{Client, NoTls};

use super::server::free_port;

/// Returns true if PostgreSQL cannot be tried here; where nothing may be skipped, that fails.
pub(crate) fn is_skipped(what: &str) -> bool {
    if programs().is_some() {
        return false;
    }
    optimus_testing::skip(&format!("{what}: there is no `initdb` (apt install postgresql)"));
    true
}

fn command(program: &str) -> Command {
    postgres::command(programs().unwrap().join(program))
}

pub(crate) struct Server {
    child: Mutex<Child>,
    pub(crate) port: u16,
    dir: tempfile::TempDir,
}

static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

impl Server {
    /// The one that runs now, while anybody uses it.
    pub(crate) fn shared() -> Arc<Self> {
        let mut place = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        place.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start());
            *place = Arc::downgrade(&server);
            server
        })
    }

    pub(crate) fn start() -> Self {
        // The socket's path must be short.
        let dir = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(dir.path(), mode).unwrap();
        let data = dir.path().join("data");
        std::fs::create_dir(&data).unwrap();
        if is_root() {
            assert!(Command::new("chown").arg("postgres:").arg(dir.path()).arg(&data).status().unwrap().success());
        }
        let mut init = command("initdb");
        init.args(["--auth=trust", "--username=optimus", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"]);
        assert!(init.arg(&data).current_dir("/").stdout(Stdio::null()).status().unwrap().success());
        for _ in 0..20 {
            let port = free_port();
            let child = Mutex::new(spawn(&data, dir.path(), port));
            if answers(&child, dir.path(), port) {
                return Self { child, port, dir };
            }
            end(&child);
        }
        panic!("no postgres could be started");
    }

    /// `kill -9` of the whole server.
    pub(crate) fn kill(&self) {
        end(&self.child);
    }

    /// The same again, on the same port and files.
    pub(crate) fn restart(&self) {
        let data = self.dir.path().join("data");
        // While an old backend lives, a new server refuses to start.
        for _ in 0..100 {
            *self.child.lock().unwrap() = spawn(&data, self.dir.path(), self.port);
            if answers(&self.child, self.dir.path(), self.port) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("it does not come back");
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://optimus@127.0.0.1:{}/postgres", self.port)
    }

    /// A connection of the tests' own, in a schema.
    pub(crate) async fn client(&self, schema: &str) -> Client {
        self.client_of(&self.url(), schema).await
    }

    pub(crate) async fn client_of(&self, url: &str, schema: &str) -> Client {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(&format!("SET search_path = {schema}")).await.unwrap();
        client
    }
}

fn spawn(data: &Path, sockets: &Path, port: u16) -> Child {
    let mut server = command("postgres");
    server.arg("-D").arg(data).arg("-k").arg(sockets).args(["-p", &port.to_string()]);
    // What was committed has to survive the end of the server; that of the machine is not tried.
    server.args(["-c", "fsync=off", "-c", "max_connections=400", "-c", "shared_buffers=64MB"]);
    server.current_dir("/").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Returns true if this child, and no other process, listens there and takes connections.
fn answers(child: &Mutex<Child>, sockets: &Path, port: u16) -> bool {
    let deadline = Instant::now() + Duration::from_secs(30);
    let pid_file = sockets.join("data/postmaster.pid");
    while Instant::now() < deadline {
        if child.lock().unwrap().try_wait().unwrap().is_some() {
            return false;
        }
        // The last line of the file says `ready` once it is.
        let says = std::fs::read_to_string(&pid_file).unwrap_or_default();
        if says.trim_end().ends_with("ready") && std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// `kill -9` of the postmaster and of its children. A backend that outlives the postmaster for a moment may still answer.
fn end(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    if child.try_wait().unwrap().is_some() {
        return;
    }
    // The child is `setpriv`, which became the postmaster.
    let pid = child.id();
    let backends = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let _ = child.kill();
    let _ = child.wait();
    let backends: Vec<&str> = backends.split_whitespace().collect();
    if !backends.is_empty() {
        let _ = Command::new("kill").arg("-9").args(&backends).stderr(Stdio::null()).status();
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    while backends.iter().any(|pid| runs(pid)) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Returns true if the process runs; one that has ended may stay in the table until its parent asks.
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
