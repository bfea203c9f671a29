//! The queue, and the servers that share one.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand};
use optimus_queue::{PostgresConfig, RedisConfig, Rules};
use optimus_server::api::{ApiLimits, ConnectionLimits, Origin, Origins};
use optimus_server::keys::{Scope, check_tenant};
use optimus_server::webhooks::Network;

use super::{
    BlobArgs, CapArgs, CodeCacheArgs, DoorAddress, EngineArgs, PostgresArgs, TokenArgs, TrustArgs, WebhookArgs,
};

/// The queue.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Queue")]
pub struct QueueArgs {
    /// `embedded` (a file in the state directory), or where Redis is: redis://…, rediss://… (TLS, `?ca=FILE`), redis+sentinel://HOST,HOST/MASTER, redis+cluster://HOST,HOST; or PostgreSQL: postgres://USER@HOST/DATABASE (`?sslmode=disable`, `?ca=FILE`)
    #[arg(long, env = "OPTIMUS_QUEUE", default_value = "embedded", value_name = "URL")]
    pub queue: String,
    /// The user at Redis, in place of the URL's
    #[arg(long, env = "OPTIMUS_REDIS_USERNAME", value_name = "NAME")]
    pub redis_username: Option<String>,
    /// The password at Redis, in place of the URL's; better given by the variable
    #[arg(long, env = "OPTIMUS_REDIS_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
    pub redis_password: Option<String>,
    /// The first word of all keys at Redis
    #[arg(long, env = "OPTIMUS_REDIS_PREFIX", default_value = "optimus", value_name = "WORD")]
    pub redis_prefix: String,
    /// PostgreSQL
    #[command(flatten)]
    pub postgres: PostgresArgs,
    /// Jobs that may wait or run (at Redis: in each language); beyond that, 503
    #[arg(long, env = "OPTIMUS_QUEUE_CAP", default_value_t = Rules::default().cap, value_name = "N")]
    pub queue_cap: u64,
    /// The same for one tenant; beyond that, 429
    #[arg(long, env = "OPTIMUS_TENANT_CAP", default_value_t = Rules::default().tenant_cap, value_name = "N")]
    pub tenant_cap: u64,
    /// Maximum number of running jobs of one tenant (with Redis: in each language), so that a slot stays free for others [default: unlimited]
    #[arg(long, env = "OPTIMUS_TENANT_SLOTS", value_name = "N")]
    pub tenant_slots: Option<NonZeroU32>,
    /// MiB of one tenant's jobs that wait or run (at Redis: in each language); beyond that, 429
    #[arg(long, env = "OPTIMUS_TENANT_QUEUE_MIB", default_value_t = Rules::default().tenant_queue_bytes >> 20, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    pub tenant_queue_mib: u64,
    /// MiB of one tenant's reports that are kept (at Redis: in each language); beyond that, its oldest are forgotten early
    #[arg(long, env = "OPTIMUS_TENANT_RESULTS_MIB", default_value_t = Rules::default().tenant_result_bytes >> 20, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    pub tenant_results_mib: u64,
    /// Lifetime of a report, in seconds
    #[arg(long, env = "OPTIMUS_RESULT_TTL_S", default_value_t = Rules::default().result_ttl.as_secs(), value_name = "S")]
    pub result_ttl_s: u64,
    /// A worker that is silent for this long has lost its jobs, in seconds
    #[arg(long, env = "OPTIMUS_LEASE_S", default_value_t = Rules::default().lease.as_secs(), value_name = "S", value_parser = clap::value_parser!(u64).range(1..))]
    pub lease_s: u64,
    /// Attempts at a job before it is given up
    #[arg(long, env = "OPTIMUS_ATTEMPTS", default_value_t = Rules::default().max_attempts, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub attempts: u32,
}

impl QueueArgs {
    /// The embedded queue, with the defaults of the flags.
    pub fn embedded() -> Self {
        let Rules { cap, tenant_cap, lease, max_attempts, result_ttl, .. } = Rules::default();
        let Rules { tenant_queue_bytes, tenant_result_bytes, .. } = Rules::default();
        Self {
            queue: "embedded".to_owned(),
            redis_username: None,
            redis_password: None,
            redis_prefix: "optimus".to_owned(),
            postgres: PostgresArgs::default(),
            queue_cap: cap,
            tenant_cap,
            tenant_slots: None,
            tenant_queue_mib: tenant_queue_bytes >> 20,
            tenant_results_mib: tenant_result_bytes >> 20,
            result_ttl_s: result_ttl.as_secs(),
            lease_s: lease.as_secs(),
            attempts: max_attempts,
        }
    }

    /// Returns true if the queue is in this process alone.
    pub fn is_embedded(&self) -> bool {
        self.queue == "embedded"
    }

    /// Returns true if the queue is in PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.queue.starts_with("postgres://") || self.queue.starts_with("postgresql://")
    }

    /// Rules that hold on every backend.
    pub fn rules(&self) -> Rules {
        Rules {
            cap: self.queue_cap,
            tenant_cap: self.tenant_cap,
            tenant_slots: self.tenant_slots,
            tenant_queue_bytes: self.tenant_queue_mib << 20,
            tenant_result_bytes: self.tenant_results_mib << 20,
            lease: Duration::from_secs(self.lease_s),
            max_attempts: self.attempts,
            result_ttl: Duration::from_secs(self.result_ttl_s.max(1)),
            ..Rules::default()
        }
    }

    /// The same, and how to get in at Redis.
    pub fn redis(&self) -> RedisConfig {
        RedisConfig {
            rules: self.rules(),
            prefix: self.redis_prefix.clone(),
            username: self.redis_username.clone(),
            password: self.redis_password.clone(),
        }
    }

    /// The same, and how to get in at PostgreSQL.
    pub fn postgres(&self) -> PostgresConfig {
        PostgresConfig {
            rules: self.rules(),
            schema: self.postgres.postgres_schema.clone(),
            username: self.postgres.postgres_username.clone(),
            password: self.postgres.postgres_password.clone(),
            connections: self.postgres.postgres_connections.into(),
        }
    }
}

/// Options of the HTTP API.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "HTTP")]
pub struct HttpArgs {
    /// The address to listen on; only loopback while there are no API keys
    #[arg(long, env = "OPTIMUS_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Listen on a public address without API keys: every client may run programs
    #[arg(long, env = "OPTIMUS_ALLOW_ANYONE")]
    pub allow_anyone: bool,
    /// The largest request body, in MiB
    #[arg(long, env = "OPTIMUS_MAX_BODY_MIB", default_value_t = 64, value_name = "MIB")]
    pub max_body_mib: u64,
    /// MiB of problems that one tenant may store; beyond that, 507
    #[arg(long, env = "OPTIMUS_TENANT_PROBLEMS_MIB", default_value_t = 4_096, value_name = "MIB", value_parser = clap::value_parser!(u64).range(0..=1 << 30))]
    pub tenant_problems_mib: u64,
    /// Maximum number of connections, within this process's limit of open files [default: that limit, up to 65536]
    #[arg(long, env = "OPTIMUS_MAX_CONNECTIONS", value_name = "N", value_parser = clap::value_parser!(u32).range(8..))]
    pub max_connections: Option<u32>,
    /// Maximum number of connections from one address (of IPv6, from one /64 network); this machine's own are not counted
    #[arg(long, env = "OPTIMUS_ADDRESS_CONNECTIONS", default_value_t = 512, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub address_connections: u32,
    /// Proxies, whose addresses stand for many clients and are not counted: 10.0.0.0/8, 192.0.2.7
    #[arg(long = "trusted-proxy", env = "OPTIMUS_TRUSTED_PROXIES", value_delimiter = ',', value_name = "NETWORK")]
    pub trusted_proxies: Vec<Network>,
    /// Origins whose pages may call from a browser, like `https://example.org`; `*`: all
    #[arg(long = "cors-origin", env = "OPTIMUS_CORS_ORIGINS", value_delimiter = ',', value_name = "ORIGIN")]
    pub cors_origins: Vec<Origin>,
    /// Days after which entries of the audit log are removed
    #[arg(long, env = "OPTIMUS_AUDIT_DAYS", default_value_t = 90, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=3_650))]
    pub audit_days: u64,
    /// Serve no console at `/`; the API and its reference (`/docs`) stay
    #[arg(long, env = "OPTIMUS_NO_CONSOLE")]
    pub no_console: bool,
    /// Serve another engine's protocol at a separate address, like judge0=127.0.0.1:2358; may be repeated
    #[arg(long = "door", env = "OPTIMUS_DOORS", value_delimiter = ',', value_name = "NAME=ADDRESS")]
    pub doors: Vec<DoorAddress>,
    /// Files that jobs name
    #[command(flatten)]
    pub blobs: BlobArgs,
    /// Tokens of an identity provider
    #[command(flatten)]
    pub tokens: TokenArgs,
    /// Webhooks
    #[command(flatten)]
    pub webhooks: WebhookArgs,
}

impl HttpArgs {
    /// Origins whose pages may call.
    pub fn origins(&self) -> Origins {
        Origins::new(self.cors_origins.clone())
    }

    /// Bounds of what the server holds for clients.
    pub fn limits(&self) -> ApiLimits {
        let body_bytes = usize::try_from(self.max_body_mib << 20).unwrap_or(usize::MAX);
        let mut connections = ConnectionLimits::below(optimus_sandbox::raise_open_files());
        if let Some(most) = self.max_connections {
            connections.most = connections.most.min(most as usize);
        }
        connections.per_address = self.address_connections as usize;
        connections.trusted.clone_from(&self.trusted_proxies);
        ApiLimits { body_bytes, connections, ..ApiLimits::default() }
    }

    /// With defaults, for this machine alone.
    pub fn local(listen: SocketAddr) -> Self {
        let (tokens, webhooks) = (TokenArgs::default(), WebhookArgs::default());
        Self {
            listen,
            allow_anyone: false,
            max_body_mib: 64,
            tenant_problems_mib: 4_096,
            max_connections: None,
            address_connections: 512,
            trusted_proxies: Vec::new(),
            audit_days: 90,
            cors_origins: Vec::new(),
            no_console: false,
            doors: Vec::new(),
            blobs: BlobArgs::default(),
            tokens,
            webhooks,
        }
    }
}

/// `optimus keys`.
#[derive(Debug, Clone, Args)]
pub struct Keys {
    /// The action
    #[command(subcommand)]
    pub action: KeysAction,
}

/// Actions on API keys.
#[derive(Debug, Clone, Subcommand)]
pub enum KeysAction {
    /// Create a key, and show it once; after the first, every request needs one
    Create {
        /// The tenant of the key's jobs
        #[arg(long, value_name = "NAME", value_parser = parse_tenant)]
        tenant: String,
        /// The permissions of the key
        #[arg(long = "scope", value_delimiter = ',', default_value = "submit,read", value_name = "SCOPE", value_parser = scope())]
        scopes: Vec<Scope>,
        /// Jobs that may be submitted with it in a minute [default: any number]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        per_minute: Option<u32>,
        /// The same in a day, by UTC [default: any number]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        per_day: Option<u32>,
        /// Maximum number of its jobs that wait or run (with Redis: in each language) [default: unlimited]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        outstanding: Option<u64>,
        /// The place of the keys
        #[command(flatten)]
        place: KeysPlace,
    },
    /// List the keys; what would let anybody in is not kept
    List {
        /// The place of the keys
        #[command(flatten)]
        place: KeysPlace,
    },
    /// Revoke a key: within a second or two it opens nothing any more
    Revoke {
        /// The key's id, like opt_1a2b3c4d
        id: String,
        /// The place of the keys
        #[command(flatten)]
        place: KeysPlace,
    },
}

/// The place of keys: the queue.
#[derive(Debug, Clone, Args)]
pub struct KeysPlace {
    /// The state directory of `optimus serve` [default: ~/.local/state/optimus]
    #[arg(long, env = "OPTIMUS_STATE", value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// The servers' queue
    #[command(flatten)]
    pub queue: QueueArgs,
}

/// Each scope's name, and what `--help` says of it.
const SCOPES: [(&str, &str, Scope); 7] = [
    ("submit", "Submit jobs, and cancel them", Scope::Submit),
    ("read", "Read reports, events and lists of its own tenant", Scope::Read),
    ("problems", "Store problem packages", Scope::Problems),
    ("commands", "Run commands, where the server runs any", Scope::Commands),
    ("plugins", "See the plugins", Scope::Plugins),
    ("audit", "Read the audit log of its own tenant", Scope::Audit),
    ("admin", "All of this, for every tenant", Scope::Admin),
];

fn scope() -> impl clap::builder::TypedValueParser<Value = Scope> {
    let values = SCOPES.map(|(name, about, _)| PossibleValue::new(name).help(about));
    let named = |given: String| SCOPES.into_iter().find(|(name, ..)| *name == given).map(|(.., scope)| scope);
    PossibleValuesParser::new(values).try_map(move |given| named(given).ok_or("no such scope"))
}

fn parse_tenant(name: &str) -> Result<String, String> {
    check_tenant(name).map(|()| name.to_owned())
}

/// `optimus api`.
#[derive(Debug, Clone, Args)]
pub struct Api {
    /// A directory of plugins whose languages are offered also before any worker has told of them
    #[arg(long, env = "OPTIMUS_PLUGINS", value_name = "DIR")]
    pub plugins: Option<PathBuf>,
    /// Offer only these languages, by id [default: all that plugins or workers tell of]
    #[arg(long, env = "OPTIMUS_LANGUAGES", value_delimiter = ',', value_name = "ID")]
    pub languages: Vec<String>,
    /// The directory with the code cache [default: ~/.local/state/optimus]
    #[arg(long, env = "OPTIMUS_STATE", value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// The place of compiled plugins
    #[command(flatten)]
    pub code: CodeCacheArgs,
    /// HTTP options
    #[command(flatten)]
    pub http: HttpArgs,
    /// Queue options
    #[command(flatten)]
    pub queue: QueueArgs,
    /// Trusted signers of plugins
    #[command(flatten)]
    pub trust: TrustArgs,
    /// The most that jobs may ask for: the same as the workers'
    #[command(flatten)]
    pub caps: CapArgs,
}

/// `optimus worker`.
#[derive(Debug, Clone, Args)]
pub struct Work {
    /// Only these languages, by id [default: all that can run here]
    #[arg(long, env = "OPTIMUS_LANGUAGES", value_delimiter = ',', value_name = "ID")]
    pub languages: Vec<String>,
    /// Time for running jobs to finish after SIGTERM, in seconds; then they are given back
    #[arg(long, env = "OPTIMUS_GRACE_S", default_value_t = 30, value_name = "S")]
    pub grace_s: u64,
    /// The address that answers /healthz, /readyz and /metrics, and nothing else
    #[arg(long, env = "OPTIMUS_PROBES", value_name = "ADDRESS")]
    pub probes: Option<SocketAddr>,
    /// Queue options
    #[command(flatten)]
    pub queue: QueueArgs,
    /// Plugins, state and boxes
    #[command(flatten)]
    pub engine: EngineArgs,
}
