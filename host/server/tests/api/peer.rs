//! A server of somebody else.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Answers each request with the next answer, and the last one for ever. An empty one is no answer.
pub(crate) struct Peer {
    pub(crate) address: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    pub(crate) async fn start(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let peer = Self { address, heard: Arc::clone(&heard) };
        tokio::spawn(async move {
            loop {
                let (mut tcp, _) = listener.accept().await.unwrap();
                let (heard, answers) = (Arc::clone(&heard), answers.clone());
                tokio::spawn(async move {
                    let request = read(&mut tcp).await;
                    let number = {
                        let mut heard = heard.lock().unwrap();
                        heard.push(request);
                        heard.len() - 1
                    };
                    let answer = &answers[number.min(answers.len() - 1)];
                    if answer.is_empty() {
                        tokio::time::sleep(Duration::from_secs(60)).await;
                    }
                    let _ = tcp.write_all(answer.as_bytes()).await;
                });
            }
        });
        peer
    }

    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// A head and a body as long as it says.
async fn read(tcp: &mut tokio::net::TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let mut more = [0; 4_096];
        let read = tcp.read(&mut more).await.unwrap();
        request.extend_from_slice(&more[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        assert!(read > 0, "a request breaks off: {text}");
    }
}

pub(crate) fn answer(status: &str, kind: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nset-cookie: a=b\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
