//! Compiles untrusted code in a separate process. Compiling cannot be interrupted, and how much time and memory it
//! takes depends on the file: so a child process with limits does it, and may die of them.
//!
//! In: a file's bytes. Out: machine code in the cache, which the engine here then finds. The child keeps what it makes in
//! a directory that is nobody else's; it gets into the cache, and a seal, only when the child has said that it is done.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use wasmtime::component::Component;

use crate::config::{CompileListener, Compiler, Config};
use crate::engine::Host;
use crate::error::LoadError;
use crate::hex;
use crate::seal::CodeCache;
use crate::sections;

/// The child's answers, a byte each.
const DONE: u8 = b'+';
const CODE_IS_OFF: u8 = b'-';

/// The child of one scan of the directory: started with the first file that needs it, gone with [`Self::rest`].
pub(crate) struct ChildCompiler {
    compiler: Option<Compiler>,
    code: Arc<CodeCache>,
    engine: String,
    on_compile: CompileListener,
    running: Option<Running>,
}

struct Running {
    child: Child,
    said: Receiver<u8>,
    made: PathBuf,
}

impl ChildCompiler {
    pub(crate) fn new(config: &Config, code: Arc<CodeCache>, host: &Host) -> Self {
        let (compiler, on_compile) = (config.compiler.clone(), config.on_compile.clone());
        Self { compiler, code, engine: host.fingerprint(), on_compile, running: None }
    }

    /// The engine and program that the machine code is for.
    pub(crate) fn engine(&self) -> &str {
        &self.engine
    }

    /// Whether a child does the work: then only what it made is run, and each file is verified when it is needed.
    pub(crate) fn is_apart(&self) -> bool {
        self.compiler.is_some()
    }

    /// Ends the child.
    pub(crate) fn stop(&mut self) {
        self.running = None;
    }

    /// Compiles these bytes into the cache, if they are not there yet. A file that is no plugin is left for the gate to refuse.
    pub(crate) fn precompile(&mut self, name: &str, wasm: &[u8]) -> Result<(), LoadError> {
        let Some(compiler) = &self.compiler else { return Ok(()) };
        let key = hex::sha256(format!("{} {}", self.engine, hex::sha256(wasm)).as_bytes());
        if self.code.has(&key) {
            return Ok(());
        }
        self.on_compile.notify(name);
        let mut running = match self.running.take() {
            Some(running) => running,
            None => start(compiler, &self.code).map_err(|error| no_child(&error))?,
        };
        match running.compile(wasm, compiler.timeout) {
            Ok(made) => {
                if made {
                    self.code.adopt(&running.made, &key).map_err(|error| no_child(&error))?;
                }
                self.running = Some(running);
                Ok(())
            }
            Err(what) => Err(LoadError::Compiler(format!(
                "{what} (it may use {} MiB, and {} s a file)",
                compiler.memory_bytes >> 20,
                compiler.timeout.as_secs()
            ))),
        }
    }
}

fn no_child(error: &io::Error) -> LoadError {
    LoadError::Compiler(format!("it cannot be started: {error}"))
}

fn start(compiler: &Compiler, code: &CodeCache) -> io::Result<Running> {
    let made = code.scratch_dir()?;
    let (program, args) = compiler.argv.split_first().ok_or_else(|| io::Error::other("no compiler is named"))?;
    let mut command = Command::new(program);
    command.args(args).arg(&made).arg(compiler.memory_bytes.to_string());
    // It compiles, and needs nothing of what we were told.
    command.env_clear().current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    // A pipe without a reader: there may be no /dev/null, as in a root directory of a few files.
    drop(child.stderr.take());
    let mut out = child.stdout.take().ok_or_else(|| io::Error::other("no pipe"))?;
    let (say, said) = channel();
    std::thread::Builder::new().name("plugin-compiler".into()).spawn(move || {
        let mut byte = [0];
        while out.read_exact(&mut byte).is_ok() && say.send(byte[0]).is_ok() {}
    })?;
    Ok(Running { child, said, made })
}

impl Running {
    /// Whether there is machine code now, or what became of the child.
    fn compile(&mut self, wasm: &[u8], timeout: Duration) -> Result<bool, String> {
        let sent = self.child.stdin.as_mut().map(|stdin| {
            stdin.write_all(&(wasm.len() as u64).to_le_bytes())?;
            stdin.write_all(wasm)?;
            stdin.flush()
        });
        // A child that is gone tells more by how it went.
        drop(sent);
        match self.said.recv_timeout(timeout) {
            Ok(DONE) => Ok(true),
            Ok(CODE_IS_OFF) => Ok(false),
            Ok(_) => Err("it broke the protocol".to_owned()),
            Err(RecvTimeoutError::Timeout) => Err("it took too long".to_owned()),
            Err(RecvTimeoutError::Disconnected) => Err(match self.child.wait() {
                Ok(status) => format!("it died: {status}"),
                Err(error) => format!("it died: {error}"),
            }),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be in the middle of a file that has no end.
        drop(self.child.kill());
        drop(self.child.wait());
        drop(std::fs::remove_dir_all(&self.made));
    }
}

/// The child: reads files from stdin, keeps their machine code in `dir`, says so on stdout, until stdin ends.
pub fn compile_child(dir: &Path, memory_bytes: u64) -> ExitCode {
    match serve(dir, memory_bytes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve(dir: &Path, memory_bytes: u64) -> io::Result<()> {
    confine(memory_bytes)?;
    let host = Host::new(0, Some(dir)).map_err(io::Error::other)?;
    let mut stdout = io::stdout().lock();
    for wasm in files(dir.to_owned())? {
        // What the gate would refuse unread is not compiled here either.
        let good = sections::read(&wasm).is_ok() && Component::from_binary(&host.engine, &wasm).is_ok();
        stdout.write_all(&[if good { DONE } else { CODE_IS_OFF }])?;
        stdout.flush()?;
    }
    Ok(())
}

/// Files from stdin, read by a separate thread. When stdin ends, the server is gone: the thread deletes `dir` and ends this
/// process at once, even while a file is being compiled.
fn files(dir: PathBuf) -> io::Result<Receiver<Vec<u8>>> {
    let (send, files) = channel();
    let read = move || {
        while let Ok(wasm) = file(&mut io::stdin().lock()) {
            if send.send(wasm).is_err() {
                return;
            }
        }
        drop(std::fs::remove_dir_all(&dir));
        std::process::exit(0);
    };
    std::thread::Builder::new().name("files".into()).spawn(read)?;
    Ok(files)
}

fn file(stdin: &mut impl io::Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    stdin.read_exact(&mut length)?;
    let mut wasm = Vec::new();
    stdin.take(u64::from_le_bytes(length)).read_to_end(&mut wasm)?;
    Ok(wasm)
}

/// The limits that hold from here on; a process cannot raise them again.
fn confine(memory_bytes: u64) -> io::Result<()> {
    let bound = |resource: Resource, most: u64| {
        let held = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let most = Some(most.min(held));
        setrlimit(resource, Rlimit { current: most, maximum: most })
    };
    bound(Resource::As, memory_bytes)?;
    bound(Resource::Core, 0)?;
    Ok(())
}
