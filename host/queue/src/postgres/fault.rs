//! Classifies errors of PostgreSQL and gives the remedy for each.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use deadpool_postgres::{HookError, PoolError};
use tokio_postgres::error::SqlState;

/// Why a statement failed.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server's answer, or none.
    Postgres(tokio_postgres::Error),
    /// No answer in time.
    Late(Duration),
    /// The connection ended.
    Closed,
    /// All connections of this process are in use.
    Busy,
    /// The database is none that we can use; why, and the remedy.
    Unfit(String, &'static str),
}

impl std::error::Error for Trouble {}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres(error) => match error.as_db_error() {
                Some(said) => write!(f, "{} (SQLSTATE {})", said.message(), said.code().code()),
                None => match error.source() {
                    Some(source) => write!(f, "{error}: {source}").map(drop),
                    None => write!(f, "{error}"),
                },
            },
            Self::Late(time) => write!(f, "no answer within {} s", time.as_secs()),
            Self::Closed => f.write_str("the connection was closed"),
            Self::Busy => f.write_str("all connections of this process are busy"),
            Self::Unfit(why, _) => f.write_str(why),
        }
    }
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl Trouble {
    /// The error of a pool; `wait` is how long it waits for a connection.
    pub(super) fn of_pool(error: PoolError, wait: Duration) -> Self {
        match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => Self::Postgres(error),
            PoolError::Timeout(deadpool_postgres::TimeoutType::Wait) => Self::Busy,
            _ => Self::Late(wait),
        }
    }

    fn code(&self) -> Option<&SqlState> {
        match self {
            Self::Postgres(error) => error.code(),
            Self::Late(_) | Self::Closed | Self::Busy | Self::Unfit(..) => None,
        }
    }

    /// The server refuses us, so that trying again cannot help.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::Unfit(..)) || self.code().is_some_and(is_refusal)
    }

    /// The connection broke or the transaction was undone, and the same again may succeed.
    pub(super) fn may_be_repeated(&self) -> bool {
        match self {
            Self::Postgres(error) => {
                let undone = [SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE];
                error.is_closed() || error.code().is_none_or(|code| undone.contains(code) || is_ending(code))
            }
            Self::Closed => true,
            Self::Late(_) | Self::Busy | Self::Unfit(..) => false,
        }
    }

    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Unfit(_, hint) => hint,
            Self::Busy => "raise --postgres-connections, or look for what keeps the database busy",
            Self::Late(_) | Self::Closed => {
                "check that postgres is running and reachable from this host, and not overloaded"
            }
            Self::Postgres(error) => error.code().map_or_else(|| hint_without_code(error), hint),
        }
    }
}

fn is_refusal(code: &SqlState) -> bool {
    [
        SqlState::INVALID_PASSWORD,
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        SqlState::INVALID_CATALOG_NAME,
        SqlState::INSUFFICIENT_PRIVILEGE,
    ]
    .contains(code)
}

/// The server stops, or another one took over.
fn is_ending(code: &SqlState) -> bool {
    let ending = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::READ_ONLY_SQL_TRANSACTION];
    ending.contains(code)
}

fn hint(code: &SqlState) -> &'static str {
    match code.code() {
        "28P01" | "28000" => {
            "check the user, its password (OPTIMUS_POSTGRES_PASSWORD), and the server's pg_hba.conf; what demands TLS wants `?sslmode=require`"
        }
        "3D000" => "create the database, or name another one at the end of the URL",
        "42501" => {
            "run `optimus db migrate` as a user that may create tables, and grant this user what docs/deploy.md lists"
        }
        "53300" => "raise the server's `max_connections`, or lower --postgres-connections",
        "53100" | "53200" => "check the disk and the memory of the postgres server",
        "25006" => "this server is read-only: name all servers of the cluster in the URL, so that the primary is found",
        "57P03" => "postgres is starting or stopping: retry in a moment",
        "42P01" | "42883" => "the tables are incomplete: run `optimus db migrate`, or give another --postgres-schema",
        _ => "look into the log of the postgres server",
    }
}

fn hint_without_code(error: &tokio_postgres::Error) -> &'static str {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(inner) = cause {
        let words = inner.to_string();
        if words.contains("certificate") {
            return "name the CA that signed the server's certificate with `?ca=FILE`, or give up TLS with `?sslmode=disable`";
        }
        if words.contains("does not support TLS") {
            return "the server offers no TLS: turn it on there, or give `?sslmode=disable`";
        }
        cause = inner.source();
    }
    "check that postgres is running and reachable from this host"
}
