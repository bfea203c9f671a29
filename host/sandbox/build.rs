//! Builds the agent, a static program, so that it can be embedded.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let embedded = out.join("agent");
    println!("cargo::rerun-if-env-changed=OPTIMUS_AGENT");
    if let Some(prebuilt) = env::var_os("OPTIMUS_AGENT") {
        let prebuilt = PathBuf::from(prebuilt);
        println!("cargo::rerun-if-changed={}", prebuilt.display());
        copy(&prebuilt, &embedded);
        return;
    }
    let room = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    for watched in ["../agent/src", "../agent/Cargo.toml", "../core/src", "../../Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", room.join(watched).display());
    }
    let root = room.ancestors().nth(2).unwrap_or(&room);
    let arch = env::var("CARGO_CFG_TARGET_ARCH").expect("cargo sets CARGO_CFG_TARGET_ARCH");
    match optimus_prebuilt::agent(root, &optimus_prebuilt::beside(&out, "agent"), &arch) {
        Ok(agent) => copy(&agent, &embedded),
        Err(error) => panic!("{error}"),
    }
}

fn copy(from: &Path, to: &Path) {
    if let Err(error) = fs::copy(from, to) {
        panic!("cannot copy the agent from `{}`: {error}", from.display());
    }
}
