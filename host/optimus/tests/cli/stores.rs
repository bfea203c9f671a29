//! Redis and PostgreSQL for a test, as the queue's contract starts them.

#[expect(dead_code, reason = "the queue's own contract needs more of it")]
#[path = "../../../queue/tests/contract/postgres.rs"]
pub(crate) mod postgres;
#[expect(dead_code, reason = "the queue's own contract needs more of it")]
#[path = "../../../queue/tests/contract/server.rs"]
pub(crate) mod server;
