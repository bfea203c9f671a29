//! Which connections there are, what each is doing, and until when it may.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::ConnectionLimits;

/// All connections of a listener.
pub(super) struct Register {
    limits: ConnectionLimits,
    start: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: u64,
    open: HashMap<u64, Entry>,
    /// Those without a request, by the time since when: (turn, id).
    idle: BTreeSet<(u64, u64)>,
    addresses: HashMap<IpAddr, Address>,
}

#[derive(Default)]
struct Address {
    open: usize,
    idle: BTreeSet<(u64, u64)>,
}

struct Entry {
    ticket: Arc<Ticket>,
    phase: Phase,
}

/// The phase of a connection.
#[derive(Debug, Clone, Copy)]
enum Phase {
    /// No request is complete. `turn` orders those that are without one.
    Idle { turn: u64, until: Instant },
    /// A request is under way.
    Request { until: Instant },
    /// An event stream, which ends with its job, or another protocol.
    Stream,
    /// It was told to close.
    Closing,
}

/// A connection's place in the register; dropping the last one gives it back.
pub(super) struct Ticket {
    register: Arc<Register>,
    id: u64,
    address: Option<IpAddr>,
    close: CancellationToken,
    /// The next byte is the first of a request.
    is_between: AtomicBool,
    /// It has left HTTP for another protocol.
    is_upgraded: AtomicBool,
    /// Since when (in ms after the register's start, at least 1) the client reads nothing of what it is sent; 0: it reads.
    stalled: AtomicU64,
}

impl Register {
    pub(super) fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Self { limits, start: Instant::now(), state: Mutex::default() })
    }

    /// A place for a new connection, if need be that of an idle one.
    pub(super) fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Arc<Ticket>> {
        let mut state = self.lock();
        if let Some(own) = address.and_then(|address| state.addresses.get(&address))
            && own.open >= self.limits.per_address
        {
            let oldest = own.idle.first().copied()?;
            state.close(oldest.1);
        }
        if state.open.len() >= self.limits.most {
            let oldest = state.idle.first().copied()?;
            state.close(oldest.1);
        }
        let id = state.next_number();
        let ticket = Arc::new(Ticket {
            register: Arc::clone(self),
            id,
            address,
            close: CancellationToken::new(),
            is_between: AtomicBool::new(false),
            is_upgraded: AtomicBool::new(false),
            stalled: AtomicU64::new(0),
        });
        if let Some(address) = address {
            state.addresses.entry(address).or_default().open += 1;
        }
        state.open.insert(id, Entry { ticket: Arc::clone(&ticket), phase: Phase::Closing });
        let until = Instant::now() + self.limits.head;
        let phase = Phase::Idle { turn: state.next_number(), until };
        state.enter(id, phase);
        Some(ticket)
    }

    /// Closes what is beyond one of its deadlines.
    pub(super) fn close_overdue(&self) {
        let (now, now_ms) = (Instant::now(), self.now_ms());
        let stall = u64::try_from(self.limits.stall.as_millis()).unwrap_or(u64::MAX);
        let mut state = self.lock();
        let is_overdue = |entry: &Entry| {
            let stalled = entry.ticket.stalled.load(Ordering::Relaxed);
            let is_stalled = stalled > 0 && now_ms.saturating_sub(stalled) >= stall;
            match entry.phase {
                Phase::Idle { until, .. } | Phase::Request { until } => is_stalled || until <= now,
                Phase::Stream => is_stalled,
                Phase::Closing => false,
            }
        };
        let overdue: Vec<u64> = state.open.iter().filter(|(_, entry)| is_overdue(entry)).map(|(id, _)| *id).collect();
        overdue.into_iter().for_each(|id| state.close(id));
    }

    pub(super) fn close_oldest_idle(&self) {
        let mut state = self.lock();
        if let Some((_, id)) = state.idle.first().copied() {
            state.close(id);
        }
    }

    pub(super) fn close_all(&self) {
        self.lock().open.values().for_each(|entry| entry.ticket.close.cancel());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
    }
}

impl State {
    fn next_number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The one place that moves a connection between the sets. One that closes stays closing.
    fn enter(&mut self, id: u64, phase: Phase) {
        let Some(entry) = self.open.get_mut(&id) else { return };
        if entry.ticket.close.is_cancelled() && !matches!(phase, Phase::Closing) {
            return;
        }
        let was = std::mem::replace(&mut entry.phase, phase);
        let mut own = entry.ticket.address.and_then(|address| self.addresses.get_mut(&address));
        if let Phase::Idle { turn, .. } = was {
            self.idle.remove(&(turn, id));
            if let Some(own) = &mut own {
                own.idle.remove(&(turn, id));
            }
        }
        if let Phase::Idle { turn, .. } = phase {
            self.idle.insert((turn, id));
            if let Some(own) = own {
                own.idle.insert((turn, id));
            }
        }
    }

    /// Its place is free immediately; its descriptor soon after.
    fn close(&mut self, id: u64) {
        self.enter(id, Phase::Closing);
        if let Some(entry) = self.open.remove(&id) {
            entry.ticket.close.cancel();
            self.leave(entry.ticket.address);
        }
    }

    fn leave(&mut self, address: Option<IpAddr>) {
        if let Some(address) = address
            && let Some(own) = self.addresses.get_mut(&address)
        {
            own.open -= 1;
            if own.open == 0 {
                self.addresses.remove(&address);
            }
        }
    }
}

impl Ticket {
    /// Returns when the connection has to close.
    pub(super) async fn closed(&self) {
        self.close.cancelled().await;
    }

    /// The same, without a borrow.
    pub(super) fn closed_owned(&self) -> WaitForCancellationFutureOwned {
        self.close.clone().cancelled_owned()
    }

    /// The connection speaks another protocol than HTTP, whose own deadlines hold.
    pub(super) fn is_upgraded(&self) -> bool {
        self.is_upgraded.load(Ordering::Relaxed)
    }

    /// The client sent something.
    pub(super) fn received(&self) {
        if self.is_between.swap(false, Ordering::Relaxed) {
            let (until, mut state) = (Instant::now() + self.register.limits.head, self.register.lock());
            let turn = state.next_number();
            state.enter(self.id, Phase::Idle { turn, until });
        }
    }

    /// The client took some of what it is sent, or none of it.
    pub(super) fn sent(&self, took_some: bool) {
        let since = if took_some { 0 } else { self.register.now_ms() };
        if took_some || self.stalled.load(Ordering::Relaxed) == 0 {
            self.stalled.store(since, Ordering::Relaxed);
        }
    }

    /// A head is complete.
    pub(super) fn begin_request(self: &Arc<Self>) -> RequestGuard {
        self.is_between.store(false, Ordering::Relaxed);
        let until = Instant::now() + self.register.limits.request;
        self.register.lock().enter(self.id, Phase::Request { until });
        RequestGuard(Arc::clone(self))
    }

    fn end_request(&self) {
        if self.is_upgraded() {
            return;
        }
        let mut state = self.register.lock();
        let (turn, until) = (state.next_number(), Instant::now() + self.register.limits.idle);
        state.enter(self.id, Phase::Idle { turn, until });
        self.is_between.store(true, Ordering::Relaxed);
    }

    /// The connection has ended by itself.
    pub(super) fn leave(&self) {
        self.register.lock().close(self.id);
    }
}

/// A request under way, until its answer is written or given up.
pub(super) struct RequestGuard(Arc<Ticket>);

impl RequestGuard {
    /// The answer, which ends the request with its last byte.
    pub(super) fn answered(self, answer: Response) -> Response<Answer> {
        const EVENTS: &[u8] = b"text/event-stream";
        let kind = answer.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
        let is_upgrade = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
        if is_upgrade {
            self.0.is_upgraded.store(true, Ordering::Relaxed);
        }
        if is_upgrade || kind.is_some_and(|kind| kind.starts_with(EVENTS)) {
            self.0.register.lock().enter(self.0.id, Phase::Stream);
        }
        answer.map(|body| Answer { body, _request: self })
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.0.end_request();
    }
}

/// A body that is part of a request until it is dropped.
pub(super) struct Answer {
    body: Body,
    _request: RequestGuard,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        HttpBody::size_hint(&self.body)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn register(most: usize, per_address: usize) -> Arc<Register> {
        Register::new(ConnectionLimits {
            most,
            per_address,
            head: Duration::ZERO,
            idle: Duration::from_secs(600),
            ..ConnectionLimits::default()
        })
    }

    fn is_closed(ticket: &Ticket) -> bool {
        ticket.close.is_cancelled()
    }

    #[test]
    fn at_the_cap_the_one_that_is_idle_for_the_longest_makes_room() {
        let register = register(2, 9);
        let [first, second] = [(); 2].map(|()| register.admit(None).unwrap_or_else(|| unreachable!()));
        let request = first.begin_request();
        let third = register.admit(None).unwrap_or_else(|| unreachable!());
        assert!(is_closed(&second) && !is_closed(&first));
        let _other = third.begin_request();
        assert!(register.admit(None).is_none(), "each has a request under way");
        drop(request);
        assert!(register.admit(None).is_some() && is_closed(&first) && !is_closed(&third));
    }

    #[test]
    fn an_address_makes_room_for_itself() {
        let register = register(9, 2);
        let address = Some(IpAddr::from([192, 0, 2, 1]));
        let other = register.admit(Some(IpAddr::from([192, 0, 2, 2])));
        let own = [(); 2].map(|()| register.admit(address).unwrap_or_else(|| unreachable!()));
        let _requests = own.each_ref().map(Ticket::begin_request);
        assert!(register.admit(address).is_none());
        assert!(other.is_some_and(|other| !is_closed(&other)));
        own[1].leave();
        assert!(register.admit(address).is_some());
    }

    #[test]
    fn heads_are_overdue_before_idle_connections() {
        let register = register(9, 9);
        let [silent, used] = [(); 2].map(|()| register.admit(None).unwrap_or_else(|| unreachable!()));
        drop(used.begin_request());
        register.close_overdue();
        assert!(is_closed(&silent) && !is_closed(&used));
        used.received();
        register.close_overdue();
        assert!(is_closed(&used), "the next head is late, too");
        assert!(register.lock().open.is_empty() && register.lock().idle.is_empty());
    }

    #[test]
    fn a_connection_that_left_http_has_no_deadline_but_for_reading() {
        let limits = ConnectionLimits { idle: Duration::ZERO, request: Duration::ZERO, ..ConnectionLimits::default() };
        let register = Register::new(limits);
        let [plain, upgraded] = [(); 2].map(|()| register.admit(None).unwrap_or_else(|| unreachable!()));
        drop(plain.begin_request().answered(Response::default()));
        let mut switching = Response::default();
        *switching.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        drop(upgraded.begin_request().answered(switching));
        register.close_overdue();
        assert!(is_closed(&plain) && !is_closed(&upgraded) && upgraded.is_upgraded());
        register.close_all();
        assert!(is_closed(&upgraded));
    }

    #[test]
    fn a_client_that_reads_nothing_is_closed() {
        let limits = ConnectionLimits { stall: Duration::ZERO, ..ConnectionLimits::default() };
        let register = Register::new(limits);
        let [reads, stalls] = [(); 2].map(|()| register.admit(None).unwrap_or_else(|| unreachable!()));
        let _requests = [reads.begin_request(), stalls.begin_request()];
        stalls.sent(false);
        reads.sent(false);
        reads.sent(true);
        register.close_overdue();
        assert!(is_closed(&stalls) && !is_closed(&reads));
    }
}
