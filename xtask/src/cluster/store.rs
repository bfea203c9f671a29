//! The server that holds the cluster's queue: started, killed and started again, and asked as KEDA asks it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use clap::ValueEnum;

use crate::postgres::Postgres;
use crate::process::{Process, ask_redis, port, until};

/// Where the queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// In a Redis server
    Redis,
    /// In a PostgreSQL server
    Postgres,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Postgres => "postgres",
        }
    }
}

pub(super) struct Store {
    server: Server,
    process: Mutex<Option<Process>>,
}

enum Server {
    Redis { port: u16, dir: PathBuf },
    Postgres(Postgres),
}

/// Notes each run that began and each that ended a job, in a table of the demonstration's own.
const WATCH: &str = "\
    CREATE TABLE optimus.watched (stage text NOT NULL); \
    CREATE FUNCTION optimus.watch() RETURNS trigger LANGUAGE plpgsql AS \
        'BEGIN INSERT INTO optimus.watched VALUES (NEW.stage::text); RETURN NULL; END'; \
    CREATE TRIGGER watched AFTER UPDATE ON optimus.job FOR EACH ROW \
        WHEN (OLD.stage IS DISTINCT FROM NEW.stage AND NEW.stage IN ('running', 'done')) EXECUTE FUNCTION optimus.watch()";

impl Store {
    pub(super) fn start(kind: Kind, dir: &Path) -> anyhow::Result<Self> {
        let server = match kind {
            Kind::Redis => Server::Redis { port: port()?, dir: dir.to_owned() },
            Kind::Postgres => Server::Postgres(Postgres::init(dir)?),
        };
        let store = Self { server, process: Mutex::default() };
        store.start_again()?;
        Ok(store)
    }

    fn start_again(&self) -> anyhow::Result<()> {
        let process = match &self.server {
            Server::Redis { port, dir } => Process::redis(*port, dir)?,
            Server::Postgres(postgres) => postgres.start()?,
        };
        self.process.lock().unwrap_or_else(PoisonError::into_inner).replace(process);
        Ok(())
    }

    /// `kill -9`, and a new start.
    pub(super) fn kill(&self) -> anyhow::Result<()> {
        drop(self.process.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.start_again()
    }

    pub(super) fn url(&self) -> String {
        match &self.server {
            Server::Redis { port, .. } => format!("redis://127.0.0.1:{port}"),
            Server::Postgres(postgres) => postgres.url(),
        }
    }

    /// Begins to count runs, once the first process has made the tables. Redis counts by itself.
    pub(super) fn watch(&self) -> anyhow::Result<()> {
        let Server::Postgres(postgres) = &self.server else { return Ok(()) };
        until("the tables are there", || postgres.ask("SELECT count(*) FROM optimus.jobs"))?;
        postgres.ask(WATCH).map(drop).context("the tables cannot be watched")
    }

    /// Jobs that wait or run, of one language, as KEDA asks for it; `None` while the server is down.
    pub(super) fn depth(&self, language: &str) -> Option<usize> {
        match &self.server {
            Server::Redis { port, .. } => {
                ask_redis(*port, &["XLEN", &format!("optimus:{{{language}}}:q")])?.parse().ok()
            }
            Server::Postgres(postgres) => {
                postgres.ask(&format!("SELECT optimus.outstanding('{language}')"))?.parse().ok()
            }
        }
    }

    /// The same, and how many of them run, at one moment.
    pub(super) fn depth_and_running(&self, language: &str) -> Option<(usize, usize)> {
        let answer = match &self.server {
            Server::Redis { port, .. } => {
                let script = "return redis.call('XLEN', KEYS[1]) .. ' ' .. redis.call('ZCARD', KEYS[2])";
                let [stream, leases] = ["q", "leases"].map(|name| format!("optimus:{{{language}}}:{name}"));
                ask_redis(*port, &["EVAL", script, "2", &stream, &leases])?
            }
            Server::Postgres(postgres) => postgres.ask(&format!(
                "SELECT optimus.outstanding('{language}'), \
                 (SELECT count(*) FROM optimus.jobs WHERE language = '{language}' AND state = 'running')"
            ))?,
        };
        let (depth, running) = answer.split_once(' ')?;
        Some((depth.parse().ok()?, running.parse().ok()?))
    }

    /// Runs begun and reports accepted.
    pub(super) fn counts(&self, languages: &[String]) -> Option<(usize, usize)> {
        match &self.server {
            Server::Redis { port, .. } => {
                let count = |name: &str| {
                    let of = |language: &String| {
                        let answer = ask_redis(*port, &["HGET", &format!("optimus:{{{language}}}:counts"), name])?;
                        Some(answer.parse().unwrap_or(0))
                    };
                    languages.iter().map(of).sum::<Option<usize>>()
                };
                Some((count("begun")?, count("finished")?))
            }
            Server::Postgres(postgres) => {
                let count = "SELECT count(*) FILTER (WHERE stage = 'running'), count(*) FILTER (WHERE stage = 'done') \
                             FROM optimus.watched";
                let answer = postgres.ask(count)?;
                let (begun, finished) = answer.split_once(' ')?;
                Some((begun.parse().ok()?, finished.parse().ok()?))
            }
        }
    }
}
