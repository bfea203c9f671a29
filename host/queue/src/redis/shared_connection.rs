//! The connection that all short commands share: opened on first use, and opened again after it broke.

use std::sync::Mutex;
use std::time::Duration;

use redis::{Cmd, FromRedisValue, Pipeline, RedisError, RedisResult, ScriptInvocation, Value};

use super::address::Address;
use super::connection::Connection;
use super::fault;
use super::lock;
use crate::QueueError;

/// An answer that takes longer than this will not come.
const ANSWER: Duration = Duration::from_secs(10);

/// A request to Redis.
pub(super) enum Request<'a> {
    Command(&'a Cmd),
    Pipe(&'a Pipeline),
    /// Loaded first, if Redis has forgotten it.
    Script(&'a ScriptInvocation<'a>),
}

pub(super) struct SharedConnection {
    address: Address,
    current: Mutex<Option<Connection>>,
    /// One makes a new connection, the others wait for it.
    connecting: tokio::sync::Mutex<()>,
}

impl SharedConnection {
    pub(super) fn new(address: Address) -> Self {
        Self { address, current: Mutex::default(), connecting: tokio::sync::Mutex::default() }
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Maps an error of Redis to the queue's, with what was being done and the address.
    pub(super) fn fault(&self, doing: &str) -> impl Fn(redis::RedisError) -> QueueError {
        move |error| fault::of(doing, &self.address, error)
    }

    pub(super) async fn ping(&self) -> RedisResult<()> {
        let mut connection = self.get().await?;
        redis::cmd("PING").query_async(&mut connection).await
    }

    /// One command, which may be sent twice.
    pub(super) async fn query<T: FromRedisValue>(&self, doing: &str, command: &Cmd) -> Result<T, QueueError> {
        self.send_retrying(doing, Request::Command(command)).await
    }

    /// The same again, on a new connection, if the old one turns out to be broken.
    pub(super) async fn send_retrying<T: FromRedisValue>(
        &self,
        doing: &str,
        request: Request<'_>,
    ) -> Result<T, QueueError> {
        let answer = match self.send(&request).await {
            Err(error) if error.is_connection_dropped() => self.send(&request).await,
            other => other,
        };
        self.read(doing, answer)
    }

    /// Sends a request that must not be repeated.
    pub(super) async fn send_once<T: FromRedisValue>(
        &self,
        doing: &str,
        request: Request<'_>,
    ) -> Result<T, QueueError> {
        let answer = self.send(&request).await;
        self.read(doing, answer)
    }

    fn read<T: FromRedisValue>(&self, doing: &str, answer: RedisResult<Value>) -> Result<T, QueueError> {
        let read = answer.and_then(|value| redis::from_redis_value(value).map_err(RedisError::from));
        read.map_err(self.fault(doing))
    }

    async fn send(&self, request: &Request<'_>) -> RedisResult<Value> {
        let mut connection = self.get().await?;
        let answer = match request {
            Request::Command(command) => command.query_async(&mut connection).await,
            Request::Pipe(pipe) => pipe.query_async(&mut connection).await.map(Value::Array),
            Request::Script(script) => script.invoke_async(&mut connection).await,
        };
        if let Err(error) = &answer
            && fault::is_broken(error)
        {
            lock(&self.current).take();
        }
        answer
    }

    async fn get(&self) -> RedisResult<Connection> {
        let ready = || lock(&self.current).clone();
        if let Some(connection) = ready() {
            return Ok(connection);
        }
        let _only = self.connecting.lock().await;
        if let Some(connection) = ready() {
            return Ok(connection);
        }
        let connection = self.address.connect(ANSWER).await?;
        *lock(&self.current) = Some(connection.clone());
        Ok(connection)
    }
}
