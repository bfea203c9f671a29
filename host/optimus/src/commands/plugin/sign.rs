//! `optimus plugin keygen` and `sign`: keys and signatures as minisign has them, so that either tool does for the other.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use optimus_plugin::SecretKey;
use serde_json::json;

use super::put;
use super::signed_file::signature_path;
use crate::cli::{Keygen, Sign};
use crate::output::{Advised, Output};

pub(super) fn keygen(args: &Keygen, output: Output) -> anyhow::Result<ExitCode> {
    let [secret, public] = ["key", "pub"].map(|end| with_end(&args.name, end));
    if let Some(taken) = [&secret, &public].into_iter().find(|path| path.exists()) {
        let hint = "it never overwrites: choose another name".to_owned();
        return Err(Advised::new("exists", format!("`{}` exists already", taken.display()), Some(hint)).into());
    }
    let made = SecretKey::generate().map_err(|why| Advised::new("no_key", why, None))?;
    let (key, id) = (made.public(), made.id());
    create(&secret, &made.text(), 0o600)?;
    create(&public, &format!("untrusted comment: minisign public key {id}\n{key}\n"), 0o644)?;
    output.print(&json!({"secret": secret, "public": public, "key": key, "id": id}), |_| {
        let secret = secret.display();
        format!(
            "{key}\n\nthat is the public key: `--plugin-key {key}`\nkeep `{secret}` to yourself: it has no password\n"
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn sign(args: &Sign, output: Output) -> anyhow::Result<ExitCode> {
    let key = secret_key(&args.secret)?;
    let mut signatures = Vec::new();
    for file in &args.files {
        let bytes = std::fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let signature = signature_path(file);
        put(&signature, key.sign(&bytes, &format!("timestamp:{time}\tfile:{name}\tprehashed")).as_bytes())?;
        signatures.push(signature);
    }
    output.print(&json!({"signatures": signatures, "id": key.id()}), |_| {
        signatures.iter().map(|path| format!("{}\n", path.display())).collect()
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Beside whatever the name ends in: `acme.v2` makes `acme.v2.key`.
fn with_end(name: &Path, end: &str) -> PathBuf {
    let mut name = name.as_os_str().to_owned();
    name.push(format!(".{end}"));
    name.into()
}

/// Before anybody else could read it.
fn create(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(mode).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("cannot create `{}`", path.display()))
}

fn secret_key(path: &Path) -> anyhow::Result<SecretKey> {
    let read = std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"));
    let key = read.and_then(|text| SecretKey::read(&text));
    key.map_err(|why| {
        let hint = "`optimus plugin keygen` makes a key, `--secret FILE` names one; with a password: `minisign -S -s KEY -m \
                    NAME.wasm -x NAME.wasm.sig`";
        Advised::new("bad_key", format!("`{}` {why}", path.display()), Some(hint.to_owned())).into()
    })
}
