//! Redis servers of the tests' own: on free ports, in directories that go away with them.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Says why a server cannot be tried here, and whether that is so; where nothing may be skipped, that fails.
pub(crate) fn is_skipped(what: &str) -> bool {
    if what.contains("postgres") {
        return super::postgres::is_skipped(what);
    }
    if !what.contains("redis") || has_redis() {
        return false;
    }
    optimus_testing::skip(&format!("{what}: there is no `redis-server` (apt install redis-server)"));
    true
}

fn has_redis() -> bool {
    let version = Command::new("redis-server").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// One server, or three that are a cluster; ended when dropped.
pub(crate) struct Redis {
    nodes: Vec<Node>,
}

pub(crate) struct Node {
    child: Child,
    pub(crate) port: u16,
    args: Vec<String>,
    dir: tempfile::TempDir,
    /// Its directory, which has to live as long.
    extra: Option<tempfile::TempDir>,
}

impl Node {
    /// Tries other ports when somebody else was faster.
    pub(crate) fn start(args: &[&str]) -> Self {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        for _ in 0..20 {
            let dir = tempfile::tempdir().unwrap();
            let port = free_port();
            let mut child = spawn(port, &args, &dir);
            if answers(&mut child, port) {
                return Self { child, port, args, dir, extra: None };
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("no redis-server could be started");
    }

    /// A sentinel that watches one master, `main`.
    pub(crate) fn start_sentinel(master: u16) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("sentinel.conf");
        std::fs::write(&config, format!("sentinel monitor main 127.0.0.1 {master} 1\n")).unwrap();
        let mut node = Self::start(&[config.to_str().unwrap(), "--sentinel"]);
        node.extra = Some(dir);
        node
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The same again, on the same port and files.
    pub(crate) fn restart(&mut self) {
        self.child = spawn(self.port, &self.args, &self.dir);
        assert!(answers(&mut self.child, self.port), "it comes back");
        let deadline = Instant::now() + Duration::from_secs(30);
        // Until its data are there it only says so.
        while self.command(&["DBSIZE"]).is_err() {
            assert!(Instant::now() < deadline, "it loads what it had");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Carries out one command, as `redis-cli` would.
    pub(crate) fn command(&self, words: &[&str]) -> Result<redis::Value, redis::RedisError> {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_connection_with_timeout(Duration::from_secs(10))?;
        command.query(&mut connection)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on, and whose cluster bus (10,000 above) is free too.
pub(crate) fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // Below the kernel's own range for connections, mostly.
        let port = 10_000 + port % 20_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("127.0.0.1", port + 10_000)).is_ok() {
            return port;
        }
    }
}

fn spawn(port: u16, args: &[String], dir: &tempfile::TempDir) -> Child {
    let mut command = Command::new("redis-server");
    // A file of settings comes first.
    let (file, args) = match args.split_first() {
        Some((first, rest)) if !first.starts_with('-') => (Some(first), rest),
        _ => (None, args),
    };
    command.args(file).args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--daemonize", "no"]);
    command.arg("--dir").arg(dir.path()).args(args);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Returns true if this child, and no other process, listens there.
fn answers(child: &mut Child, port: u16) -> bool {
    let deadline = Instant::now() + Duration::from_secs(30);
    while Instant::now() < deadline {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

/// Those that run now, while anybody uses them.
static SHARED: [Mutex<Weak<Redis>>; 2] = [const { Mutex::new(Weak::new()) }; 2];

impl Redis {
    pub(crate) fn shared() -> Arc<Self> {
        Self::share(&SHARED[0], || Self { nodes: vec![Node::start(&[])] })
    }

    pub(crate) fn shared_cluster() -> Arc<Self> {
        Self::share(&SHARED[1], Self::cluster)
    }

    fn share(place: &Mutex<Weak<Self>>, make: impl Fn() -> Self) -> Arc<Self> {
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        place.upgrade().unwrap_or_else(|| {
            let redis = Arc::new(make());
            *place = Arc::downgrade(&redis);
            redis
        })
    }

    fn cluster() -> Self {
        let args = ["--cluster-enabled", "yes", "--cluster-node-timeout", "15000"];
        let nodes: Vec<Node> = (0..3).map(|_| Node::start(&args)).collect();
        let ranges = [["0", "5460"], ["5461", "10922"], ["10923", "16383"]];
        for (node, [from, to]) in nodes.iter().zip(ranges) {
            node.command(&["CLUSTER", "ADDSLOTSRANGE", from, to]).unwrap();
            node.command(&["CLUSTER", "MEET", "127.0.0.1", &nodes[0].port.to_string()]).unwrap();
        }
        let deadline = Instant::now() + Duration::from_secs(60);
        let knows_all = |node: &Node| {
            let info: String = redis::from_redis_value(node.command(&["CLUSTER", "INFO"]).unwrap()).unwrap();
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        };
        while !nodes.iter().all(knows_all) {
            assert!(Instant::now() < deadline, "the cluster comes together");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { nodes }
    }

    pub(crate) fn url(&self) -> String {
        match &self.nodes[..] {
            [one] => one.url(),
            all => {
                let places: Vec<_> = all.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
                format!("redis+cluster://{}", places.join(","))
            }
        }
    }
}
