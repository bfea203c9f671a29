//! Clients that hold connections and give nothing for them. One that is turned away comes again.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with};

/// Number of clients of each kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kinds {
    silent: usize,
    uploads: usize,
    heads: usize,
}

/// Each alone, and all of them.
pub(super) const ALL: [(&str, Kinds); 4] = [
    ("5,000 silent connections", Kinds { silent: 5_000, uploads: 0, heads: 0 }),
    ("64 slow uploads", Kinds { silent: 0, uploads: 64, heads: 0 }),
    ("100 half-sent heads", Kinds { silent: 0, uploads: 0, heads: 100 }),
    ("all of them", Kinds { silent: 5_000, uploads: 64, heads: 100 }),
];
/// Number of client addresses, since the connections of one address are bounded.
const ADDRESSES: usize = 100;
/// Between two bytes of what is slow.
const EVERY: Duration = Duration::from_millis(250);

impl Kinds {
    pub(super) fn connections(self) -> usize {
        self.silent + self.uploads + self.heads
    }
}

/// The clients, and the thread that drives them.
pub(super) struct Crowd {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Tally>,
}

#[derive(Debug, Default)]
struct Tally {
    /// Connections that were there at the end.
    held: usize,
    /// Those that the server closed, and that came again.
    again: usize,
}

impl Crowd {
    /// Returns once each has tried to connect.
    pub(super) fn gather(server: SocketAddr, key: &str, kinds: Kinds) -> Self {
        let mut clients: Vec<_> = (0..kinds.connections()).map(|number| Client::new(number, kinds, key)).collect();
        clients.iter_mut().for_each(|client| client.call(server));
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            let mut tally = Tally::default();
            while !seen.load(Ordering::Relaxed) {
                let round = Instant::now();
                for client in &mut clients {
                    tally.again += usize::from(client.go_on(server));
                }
                std::thread::sleep(EVERY.saturating_sub(round.elapsed()));
            }
            tally.held = clients.iter().filter(|client| client.stream.is_some()).count();
            tally
        });
        Self { over, thread }
    }

    /// They leave; what became of them.
    pub(super) fn disperse(self) -> String {
        self.over.store(true, Ordering::Relaxed);
        let tally = self.thread.join().unwrap_or_default();
        format!("{} connections at the end, {} closed by the server and made again", tally.held, tally.again)
    }
}

struct Client {
    from: Ipv4Addr,
    stream: Option<TcpStream>,
    /// The bytes that it sends first.
    begin: String,
    /// And then a byte at a time.
    slow: bool,
}

impl Client {
    fn new(number: usize, kinds: Kinds, key: &str) -> Self {
        let from = Ipv4Addr::new(127, 0, 1, u8::try_from(number % ADDRESSES + 1).unwrap_or(1));
        let (begin, slow) = if number < kinds.silent {
            (String::new(), false)
        } else if number < kinds.silent + kinds.uploads {
            let head = "POST /v1/jobs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000000";
            (format!("{head}\r\nauthorization: {key}\r\n\r\n{{\"source\": \""), true)
        } else {
            ("GET /v1/jobs HTTP/1.1\r\nhost: x\r\nx-slow: ".to_owned(), true)
        };
        Self { from, stream: None, begin, slow }
    }

    fn call(&mut self, server: SocketAddr) {
        self.stream = self.connected(server).ok();
    }

    fn connected(&self, server: SocketAddr) -> std::io::Result<TcpStream> {
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        bind(&socket, &SocketAddrV4::new(self.from, 0))?;
        connect(&socket, &server)?;
        let mut stream = TcpStream::from(socket);
        stream.write_all(self.begin.as_bytes())?;
        stream.set_nonblocking(true)?;
        Ok(stream)
    }

    /// Says the next byte, if it is one that speaks; whether it had to come again.
    fn go_on(&mut self, server: SocketAddr) -> bool {
        let alive = self.stream.as_mut().is_some_and(|stream| {
            let open = match stream.read(&mut [0; 64]) {
                // An answer, and then the end of it.
                Ok(read) => read > 0,
                Err(error) => error.kind() == ErrorKind::WouldBlock,
            };
            open && (!self.slow || stream.write(b"x").is_ok())
        });
        if !alive {
            self.call(server);
        }
        !alive
    }
}
