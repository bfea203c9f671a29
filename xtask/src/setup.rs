//! Installs what a fresh machine lacks.

use std::process::Command;

use crate::shell::{has, read, run, say};

const TARGETS: [&str; 4] = ["wasm32-unknown-unknown", "wasm32-wasip1", "wasm32-wasip2", "x86_64-unknown-linux-musl"];

/// The programs that the tests need, and the Debian packages that hold them.
const TOOLS: [(&str, &str); 38] = [
    ("gcc", "gcc"),
    ("g++", "g++"),
    ("python3", "python3"),
    ("javac", "default-jdk-headless"),
    ("node", "nodejs"),
    ("go", "golang-go"),
    ("bash", "bash"),
    ("mawk", "mawk"),
    ("lua5.4", "lua5.4"),
    ("perl", "perl"),
    ("ruby", "ruby"),
    ("setpriv", "util-linux"),
    ("newuidmap", "uidmap"),
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("busybox", "busybox-static"),
    ("cpio", "cpio"),
    ("dpkg-deb", "dpkg"),
    ("ldd", "libc-bin"),
    ("debootstrap", "debootstrap"),
    ("redis-server", "redis-server"),
    ("pg_ctlcluster", "postgresql"),
    ("promtool", "prometheus"),
    ("pip3", "python3-pip"),
    ("minisign", "minisign"),
    ("dockerd", "docker.io"),
    ("docker-registry", "docker-registry"),
    ("docker-compose", "docker-compose"),
    ("npm", "npm"),
    ("java", "default-jre-headless"),
    ("chromium", "chromium"),
    ("curl", "curl"),
    ("jq", "jq"),
    ("openssl", "openssl"),
    // C and C++ for WebAssembly: the libraries come with the linker.
    ("clang", "clang"),
    ("wasm-ld", "lld"),
    ("wasm-ld", "wasi-libc"),
    ("wasm-ld", "libclang-rt-dev-wasm32"),
    ("wasm-ld", "libc++-dev-wasm32"),
];

/// Adds the rustup targets that are missing: `rust-toolchain.toml` alone does not where auto-install is off.
pub(crate) fn targets() -> anyhow::Result<()> {
    if !has("rustup") {
        say("rustup is not here: the targets in rust-toolchain.toml have to come with your toolchain");
        return Ok(());
    }
    let installed = read(Command::new("rustup").args(["target", "list", "--installed"]))?;
    let missing: Vec<_> = TARGETS.into_iter().filter(|target| !installed.lines().any(|line| line == *target)).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => run(Command::new("rustup").args(["target", "add"]).args(missing)),
    }
}

/// Installs the tests' programs through apt-get where we may; otherwise says what is missing.
pub(crate) fn test_tools() -> anyhow::Result<()> {
    let missing: Vec<_> = TOOLS.into_iter().filter(|(program, _)| !has(program)).map(|(_, package)| package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !has("apt-get") || !is_root() {
        say(&format!("not installed (the tests that need them are skipped): {}", missing.join(" ")));
        return Ok(());
    }
    run(Command::new("apt-get").args(["update", "-qq"]))?;
    run(Command::new("apt-get")
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(missing)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Returns true if the user may install packages and mount.
pub(crate) fn is_root() -> bool {
    read(Command::new("id").arg("-u")).is_ok_and(|uid| uid.trim() == "0")
}
