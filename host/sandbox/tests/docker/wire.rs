//! A way to the daemon over TCP that can be cut or stop carrying anything, as a daemon does that is restarted or wedged.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

/// What the daemon does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Answers.
    Up,
    /// Takes connections, and says nothing.
    Wedged,
    /// Every connection has ended, and none can be made.
    Down,
}

/// The way.
pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    state: watch::Sender<State>,
}

impl Wire {
    pub(crate) async fn lay() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (state, seen) = watch::channel(State::Up);
        tokio::spawn(carry(listener, seen));
        Ok(Self { address, state })
    }

    pub(crate) fn set(&self, state: State) {
        self.state.send_replace(state);
    }
}

async fn carry(listener: TcpListener, seen: watch::Receiver<State>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(pass(client, seen.clone()));
    }
}

/// Carries bytes while the daemon is up. Ends when it is down, and with it both connections.
async fn pass(mut client: TcpStream, mut seen: watch::Receiver<State>) {
    if *seen.borrow() == State::Down {
        return;
    }
    let Ok(mut daemon) = UnixStream::connect("/var/run/docker.sock").await else { return };
    loop {
        tokio::select! {
            changed = seen.changed() => if changed.is_err() || *seen.borrow() == State::Down { return },
            _ = copy_bidirectional(&mut client, &mut daemon), if *seen.borrow() == State::Up => return,
        }
    }
}
