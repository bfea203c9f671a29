//! Why Redis hung up. A Redis that refuses connections (protected mode, `maxclients`) says so and closes the connection at once; the client
//! is writing meanwhile, and all that it reports is a broken pipe.

use std::time::Duration;

use redis::{ConnectionAddr, ErrorKind, RedisError};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// Redis says it before it reads anything.
const PATIENCE: Duration = Duration::from_millis(500);
const LONGEST: usize = 1024;

/// `error`, or Redis' own words where the connection broke and a new one is greeted with them.
pub(super) async fn explained(error: RedisError, at: &ConnectionAddr) -> RedisError {
    if !error.is_connection_dropped() && !error.is_io_error() {
        return error;
    }
    let ConnectionAddr::Tcp(host, port) = at else { return error };
    match tokio::time::timeout(PATIENCE, refusal(host, *port)).await {
        Ok(Some(words)) => (ErrorKind::Io, "it hung up, saying", words).into(),
        _ => error,
    }
}

/// The first sentence of an error that comes unasked: `DENIED Redis is running in protected mode …`.
async fn refusal(host: &str, port: u16) -> Option<String> {
    let mut stream = TcpStream::connect((host, port)).await.ok()?;
    let mut heard = vec![0; LONGEST];
    let mut length = 0;
    while length < LONGEST && !heard[..length].contains(&b'\n') {
        match stream.read(&mut heard[length..]).await.ok()? {
            0 => break,
            more => length += more,
        }
    }
    let line = String::from_utf8_lossy(&heard[..length]);
    let words = line.strip_prefix('-')?.lines().next()?;
    Some(words.split(". ").next().unwrap_or(words).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;
    use crate::redis::address::Address;

    /// A Redis in protected mode, as an address that is not its own machine's sees it.
    async fn denying() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let words = "-DENIED Redis is running in protected mode because it is. In this mode …\r\n";
                stream.write_all(words.as_bytes()).await.unwrap();
            }
        });
        port
    }

    #[tokio::test]
    async fn what_redis_says_before_it_hangs_up_is_the_error() {
        let address = Address::parse(&format!("redis://127.0.0.1:{}", denying().await), None, None).unwrap();
        let error = address.connect(Duration::from_secs(1)).await.err().unwrap();
        assert!(error.to_string().contains("DENIED Redis is running in protected mode because it is"), "{error}");
        let fault = crate::redis::fault::of("take", &address, error);
        assert!(fault.hint().unwrap().contains("OPTIMUS_REDIS_PASSWORD"), "{fault:?}");
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = ConnectionAddr::Tcp("127.0.0.1".to_owned(), silent.local_addr().unwrap().port());
        let broken: RedisError = std::io::Error::from(std::io::ErrorKind::BrokenPipe).into();
        assert!(explained(broken, &at).await.to_string().to_lowercase().contains("broken pipe"));
    }
}
