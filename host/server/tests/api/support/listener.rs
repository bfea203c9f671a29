//! A client of `GET /v1/events`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// An event of a feed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Heard {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) data: Value,
}

/// A client of the feed.
pub(crate) struct Listener(BufReader<TcpStream>);

impl Listener {
    /// Listens, and returns once it hears all that happens from now on.
    pub(crate) async fn begin(address: SocketAddr, query: &str, headers: &[&str]) -> Self {
        let head = format!("GET /v1/events{query} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
        let head = headers.iter().fold(head, |head, header| format!("{head}{header}\r\n")) + "\r\n";
        let begun = tokio::task::spawn_blocking(move || {
            let mut tcp = TcpStream::connect(address).unwrap();
            tcp.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            tcp.write_all(head.as_bytes()).unwrap();
            let (mut tcp, mut line) = (BufReader::new(tcp), String::new());
            tcp.read_line(&mut line).unwrap();
            assert!(line.contains(" 200 "), "{line}");
            while line.trim() != "" {
                line.clear();
                tcp.read_line(&mut line).unwrap();
            }
            Self(tcp)
        });
        begun.await.unwrap()
    }

    /// The next id, of an event or of none.
    pub(crate) async fn next_id(&mut self) -> String {
        tokio::task::block_in_place(|| {
            let mut line = String::new();
            while !line.starts_with("id: ") {
                line.clear();
                assert!(self.0.read_line(&mut line).unwrap() > 0, "it ended");
            }
            line["id: ".len()..].trim().to_owned()
        })
    }

    /// The events up to the first that is like that; `None`, if the stream ends before.
    pub(crate) async fn until(&mut self, is_so: impl Fn(&Heard) -> bool) -> Option<Vec<Heard>> {
        // Each event is one chunk, so that its lines are whole.
        tokio::task::block_in_place(|| {
            let (mut all, mut id, mut kind, mut line) = (Vec::new(), String::new(), String::new(), String::new());
            loop {
                line.clear();
                if self.0.read_line(&mut line).unwrap() == 0 {
                    return None;
                }
                let line = line.trim_end();
                if let Some(found) = line.strip_prefix("id: ") {
                    id = found.to_owned();
                } else if let Some(found) = line.strip_prefix("event: ") {
                    kind = found.to_owned();
                } else if let Some(data) = line.strip_prefix("data: ") {
                    let event: Value = serde_json::from_str(data).unwrap();
                    assert!(event["type"] == kind && event["at"].is_string(), "{event}");
                    all.push(Heard { id: id.clone(), kind: kind.clone(), data: event["data"].clone() });
                    if is_so(all.last().unwrap()) {
                        return Some(all);
                    }
                }
            }
        })
    }
}
