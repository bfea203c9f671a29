//! The scripts, each behind their common part; loaded again when Redis has forgotten them.

use std::sync::LazyLock;

use redis::{FromRedisValue, Script as Loaded, ToRedisArgs};

use super::Shared;
use super::shared_connection::Request;
use crate::QueueError;

macro_rules! scripts {
    ($($name:ident = $file:literal;)*) => {$(
        pub(super) static $name: LazyLock<Loaded> =
            LazyLock::new(|| Loaded::new(concat!(include_str!("lua/common.lua"), include_str!($file))));
    )*};
}

scripts! {
    SUBMIT = "lua/submit.lua";
    TAKE = "lua/take.lua";
    HEARTBEAT = "lua/heartbeat.lua";
    FINISH = "lua/finish.lua";
    RELEASE = "lua/release.lua";
    CANCEL = "lua/cancel.lua";
    REAP = "lua/reap.lua";
    ROUSE = "lua/rouse.lua";
    STATS = "lua/stats.lua";
    TELL = "lua/tell.lua";
    REQUEUE = "lua/requeue.lua";
    DISCARD = "lua/discard.lua";
    COLLECT = "lua/collect.lua";
    SETTLE = "lua/settle.lua";
}

/// Arguments of a script.
#[derive(Default)]
pub(super) struct Args(Vec<Vec<u8>>);

impl Args {
    pub(super) fn with(mut self, arg: impl ToRedisArgs) -> Self {
        self.0.extend(arg.to_redis_args());
        self
    }
}

impl Shared {
    /// Runs a script that may run twice.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        doing: &str,
        script: &Loaded,
        language: &str,
        args: &Args,
    ) -> Result<T, QueueError> {
        self.connection.send_retrying(doing, Request::Script(&prepare(script, &self.stream(language), args))).await
    }

    /// Runs a script that must not run twice.
    pub(super) async fn run_once<T: FromRedisValue>(
        &self,
        doing: &str,
        script: &Loaded,
        language: &str,
        args: &Args,
    ) -> Result<T, QueueError> {
        self.connection.send_once(doing, Request::Script(&prepare(script, &self.stream(language), args))).await
    }
}

fn prepare<'a>(script: &'a Loaded, stream: &str, args: &Args) -> redis::ScriptInvocation<'a> {
    let mut invocation = script.prepare_invoke();
    invocation.key(stream);
    for arg in &args.0 {
        invocation.arg(arg.as_slice());
    }
    invocation
}
