//! The page that people work with, as files that a server can answer with.
//!
//! `web/` holds its TypeScript; `bundle/` holds what Vite makes of it, compressed with brotli and committed, so that
//! building needs no Node. `cargo xtask console` rebuilds it from the lock file and compares the bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::LazyLock;

use rust_embed::RustEmbed;

/// The places of the page: each is answered with [`page`], and the script shows what belongs there. `{id}` is any
/// segment. `web/src/places.ts` has the same list.
pub const PLACES: [&str; 19] = [
    "/",
    "/jobs",
    "/jobs/{id}",
    "/pipelines",
    "/pipelines/{id}",
    "/runs/{id}",
    "/schedules",
    "/schedules/{id}",
    "/sessions",
    "/sessions/{id}",
    "/languages",
    "/live",
    "/problems",
    "/problems/{id}",
    "/plugins",
    "/dead",
    "/audit",
    "/keys",
    "/doctor",
];

/// How a file's bytes are encoded on their way, by its name in `content-encoding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As it is kept. Browsers take it over TLS and from loopback.
    Brotli,
    /// For browsers that come over plain HTTP (RFC 9110, 8.4.1.2: zlib's format).
    Deflate,
    /// For clients that name no coding.
    Identity,
}

/// One file of the page.
#[derive(Debug, Clone)]
pub struct Asset {
    name: &'static str,
    brotli: Cow<'static, [u8]>,
    tag: String,
}

impl Asset {
    /// Its media type.
    pub fn media_type(&self) -> &'static str {
        match self.name.rsplit('.').next() {
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("txt") => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        }
    }

    /// What its content is known by, for `etag`.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Its bytes in this coding.
    pub fn bytes(&self, coding: Coding) -> Cow<'static, [u8]> {
        match coding {
            Coding::Brotli => self.brotli.clone(),
            Coding::Deflate => Cow::Borrowed(DEFLATED.get(self.name).map_or(&[], Vec::as_slice)),
            Coding::Identity => Cow::Owned(unpacked(&self.brotli)),
        }
    }
}

/// What every place is answered with.
pub fn page() -> Option<Asset> {
    asset(PAGE)
}

/// A script, a style sheet or a picture of the page, whose name changes with its content.
pub fn asset(name: &str) -> Option<Asset> {
    let name = names().find(|known| *known == name)?;
    let file = Bundle::get(&format!("{name}{SUFFIX}"))?;
    let tag = file.metadata.sha256_hash().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Some(Asset { name, brotli: file.data, tag })
}

const PAGE: &str = "index.html";
const SUFFIX: &str = ".br";

#[derive(RustEmbed)]
#[folder = "bundle"]
struct Bundle;

/// All of it again for clients without brotli: made once, when the first of them comes.
static DEFLATED: LazyLock<BTreeMap<&'static str, Vec<u8>>> = LazyLock::new(|| {
    // Smaller by a tenth than the default level, in a few hundred milliseconds once.
    const LEVEL: u8 = 9;
    names().filter_map(asset).map(|file| (file.name, deflated(&unpacked(&file.brotli), LEVEL))).collect()
});

fn names() -> impl Iterator<Item = &'static str> {
    Bundle::iter().filter_map(|kept| match kept {
        Cow::Borrowed(kept) => kept.strip_suffix(SUFFIX),
        Cow::Owned(_) => None,
    })
}

fn deflated(plain: &[u8], level: u8) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(plain, level)
}

fn unpacked(brotli: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let read = brotli_decompressor::Decompressor::new(brotli, 1 << 16).read_to_end(&mut plain);
    read.expect("a test unpacks each file");
    plain
}

#[cfg(test)]
mod tests;
