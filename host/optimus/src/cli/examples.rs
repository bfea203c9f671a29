//! Examples at the end of `--help`.

pub(super) const RUN: &str = "Examples:
  optimus run hello.py                         run it, show what it prints
  echo 3 4 | optimus run sum.py                the same, with an input
  optimus run sum.cpp --tests tests/           judge it: tests/1.in with tests/1.out, …
  optimus run sum.cpp --tests tests/ --watch   judge it again whenever it changes
  optimus run sum.cpp --stdin 1.in --expect 1.out --compare tokens
  optimus run main.cpp util/sort.cpp --json    the first file is the one to start with
  optimus run plot.py --collect '*.png' --into out   save what it draws";

pub(super) const RUNTIME: &str = "Examples:
  optimus runtime install quickjs.wasm --sha256 HEX
  optimus runtime list                         each with the image that a language names it by
  optimus run hello.js --language ID --sandbox wasm";

pub(super) const INIT: &str = "Examples:
  optimus init sum                             sum/main.py with a test
  optimus init sum --language LANGUAGE
  optimus run sum --tests sum/tests --watch    what to do next";

pub(super) const VERIFY: &str = "Examples:
  optimus verify packages/hello                every submission below submissions/, by its directory's name
  optimus verify hello.zip --server http://judge:8080";

pub(super) const SERVE: &str = "Examples:
  optimus serve                                http://127.0.0.1:8080, programs of this machine alone
  optimus serve --plugins /srv/plugins --state /var/lib/optimus --slots 4
  optimus keys create --tenant school && optimus serve --listen 0.0.0.0:8080
Every option is a variable, too: `--listen` is OPTIMUS_LISTEN. `/docs` on the server documents its API.";

pub(super) const API: &str = "Examples:
  optimus api --queue redis://redis:6379 --listen 0.0.0.0:8080
  optimus api --queue rediss://redis:6379?ca=/etc/redis/ca.pem --languages ID,ID";

pub(super) const MCP: &str = "Examples:
  claude mcp add optimus -- optimus mcp        and so on in every client that starts a command
  echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}' | optimus mcp
A server speaks the same at http://HOST:8080/mcp. docs/mcp.md describes the tools.";

pub(super) const WORKER: &str = "Examples:
  optimus worker --queue redis://redis:6379
  optimus worker --queue redis://redis:6379 --languages ID,ID --probes 0.0.0.0:8081";

pub(super) const KEYS: &str = "Examples:
  optimus keys create --tenant school                           of `optimus serve` here; shown once
  optimus keys create --tenant school --per-minute 600 --queue redis://redis:6379
  optimus keys create --tenant ops --scope admin
  optimus keys list
  optimus keys revoke opt_1a2b3c4d
Keys are kept with the queue: no server is asked, and servers see a change within two seconds.";

pub(super) const SUBMIT: &str = "Examples:
  optimus submit sum.py --tests tests/ --server http://judge:8080
  optimus submit sum.py --stdin 1.in --no-wait     prints the job's id for `optimus status`
OPTIMUS_SERVER and OPTIMUS_KEY say where, and with which key.";

pub(super) const EVENTS: &str = "Examples:
  optimus events                                   until it is interrupted
  optimus events --types run,job.done --json       a line of JSON for each event
  optimus events --since 2026-12-24T00:00:00Z --count 100
OPTIMUS_SERVER and OPTIMUS_KEY say where, and with which key.";

pub(super) const AUDIT: &str = "Examples:
  optimus audit                                    everything that is stored, with an admin's key
  optimus audit --since 2026-12-24T00:00:00Z --action 'DELETE /v1/keys/{id}'
  optimus audit --by opt_1a2b3c4d > changes.jsonl  what one key has changed
A key with the scope `audit` sees the entries of its own tenant.";

pub(super) const PIPELINES: &str = "Examples:
  optimus pipelines apply grading.json             create it, or replace the one of its name
  optimus pipelines run ID --input-file source=main.py --input strict=true --wait
  optimus pipelines dry-run ID --input n=3         what would be started
  optimus pipelines show ID                        a pipeline, or a run with its steps
  optimus pipelines replay RUN --from judge
OPTIMUS_SERVER and OPTIMUS_KEY say where, and with which key.";

pub(super) const DEAD: &str = "Examples:
  optimus dead list                                through the server at OPTIMUS_SERVER, with an admin's key
  optimus dead list --queue redis://redis:6379     in the queue itself, as `optimus keys` does: no server, no key
  optimus dead requeue 01a1fc7f-3feb-765e-b7d7-c4eb8a81764a";

pub(super) const SCHEDULES: &str = "Examples:
  optimus schedules create --cron '30 2 * * MON-FRI' --timezone Europe/Berlin --job job.json
  optimus schedules create --from schedule.json --name 'nightly rejudge'
  optimus schedules preview 019d1f2a4c0b7a51b3e88d0c5f6a7b8c -n 5
  optimus schedules backfill 019d1f2a4c0b7a51b3e88d0c5f6a7b8c --after 2026-11-01T00:00:00Z --until 2026-11-08T00:00:00Z
OPTIMUS_SERVER and OPTIMUS_KEY say where, and with which key. docs/schedules.md describes specs and policies.";

pub(super) const PLUGIN: &str = "Examples:
  optimus plugin add NAME NAME                 languages that are known, into the plugins directory
  optimus plugin new mylang                    a language of your own: asks, or takes flags
  optimus plugin build mylang && optimus plugin test mylang
  optimus plugin install mylang/mylang.wasm    a running server takes it within a second";

pub(super) const DOCTOR: &str = "Examples:
  optimus doctor                               exit code 1 only for the machine's own problems
  optimus doctor LANGUAGE LANGUAGE             also where one of these cannot run
  optimus doctor --all                         with the install command of every toolchain";

pub(super) const BENCH: &str = "Examples:
  optimus bench --plot bench.svg               a few minutes
  optimus bench --seconds 0.5                  rougher, and over sooner
  optimus bench --queue redis --queue-only";
