//! Plugins in a registry: a real one, on this machine, where whoever has no password only reads.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::{json, plugin_in, skip, stderr, stdout};

/// Debian's `docker-registry`, which is the reference implementation of the distribution specification.
struct Registry {
    child: Child,
    host: String,
    /// Of the test: its plugins are there, too.
    place: TempDir,
}

impl Registry {
    /// `None` where there is none to start.
    fn start() -> Option<Self> {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("plugins")).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let host = format!("127.0.0.1:{port}");
        let config = place.path().join("registry.yml");
        let storage = place.path().join("registry");
        let text = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"{host}\"}}\n",
            storage.display()
        );
        fs::write(&config, text).unwrap();
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(child) = command.spawn() else {
            skip("no docker-registry here");
            return None;
        };
        let registry = Self { child, host, place };
        let end = Instant::now() + Duration::from_secs(20);
        while ureq::get(format!("http://{}/v2/", registry.host)).call().is_err() {
            assert!(Instant::now() < end, "the registry does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(registry)
    }

    fn reference(&self, rest: &str) -> String {
        format!("oci://{}/{rest}", self.host)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A language of this version, built to `lua.wasm`.
fn build(place: &Path, version: &str) -> Vec<u8> {
    if !place.join("lua").exists() {
        assert!(plugin_in(place, &["new", "lua"]).status.success());
    }
    let toml = fs::read_to_string(place.join("lua/language.toml")).unwrap();
    let kept = toml.lines().filter(|line| !line.starts_with("version")).collect::<Vec<_>>().join("\n");
    fs::write(place.join("lua/language.toml"), format!("version = \"{version}\"\n{kept}\n")).unwrap();
    let built = plugin_in(place, &["build", "lua", "-o", "lua.wasm"]);
    assert!(built.status.success(), "{}", stderr(&built));
    fs::read(place.join("lua.wasm")).unwrap()
}

#[test]
fn what_is_pushed_is_installed_and_updated_by_its_tag() {
    let Some(registry) = Registry::start() else { return };
    let place = registry.place.path();
    let first = build(place, "1.0.0");
    let key = plugin_in(place, &["keygen", "acme", "--json"]);
    let key = json(&key)["key"].as_str().unwrap().to_owned();
    assert!(plugin_in(place, &["sign", "lua.wasm", "--secret", "acme.key"]).status.success());

    let tag = registry.reference("acme/lua:1");
    let pushed = plugin_in(place, &["push", "lua.wasm", &tag, "--json"]);
    assert!(pushed.status.success(), "{}", stdout(&pushed));
    let pinned = json(&pushed)["pinned"].as_str().unwrap().to_owned();
    assert!(pinned.starts_with(&registry.reference("acme/lua@sha256:")), "{pinned}");

    // Its signature came with it: it passes where nothing else does.
    let trusting = ["--plugin-signatures", "require", "--plugin-key", &key];
    let installed = plugin_in(place, &[&["install", &tag][..], &trusting].concat());
    assert!(installed.status.success(), "{}", stderr(&installed));
    let serving = || fs::read(place.join("plugins/lua.wasm")).unwrap();
    assert_eq!(serving(), first);

    // The tag moves, and `update` follows; the digest does not.
    fs::remove_file(place.join("lua.wasm.sig")).unwrap();
    let second = build(place, "1.1.0");
    assert!(plugin_in(place, &["push", "lua.wasm", &tag]).status.success());
    let refused = plugin_in(place, &[&["update", "lua"][..], &trusting].concat());
    assert_eq!(refused.status.code(), Some(2), "{}", stdout(&refused));
    let updated = stdout(&plugin_in(place, &["update", "lua", "--accept"]));
    assert!(updated.contains("1.1.0"), "{updated}");
    assert_eq!(serving(), second);
    assert!(plugin_in(place, &["install", &pinned, "--accept"]).status.success());
    assert_eq!(serving(), first);
    let fixed = stderr(&plugin_in(place, &["update", "lua"]));
    assert!(fixed.contains("which never changes"), "{fixed}");
}

#[test]
fn what_is_no_plugin_is_refused_with_what_it_is() {
    let Some(registry) = Registry::start() else { return };
    let place = registry.place.path();
    let put = |name: &str, layers: &str| {
        let config = upload(&registry.host, name, b"{}");
        let manifest = format!(
            "{{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\
             \"config\":{{\"mediaType\":\"application/json\",\"size\":2,\"digest\":\"{config}\"}},\"layers\":[{layers}]}}"
        );
        let url = format!("http://{}/v2/{name}/manifests/1", registry.host);
        let request = ureq::put(url).header("content-type", "application/vnd.oci.image.manifest.v1+json");
        assert!(request.send(manifest.as_bytes()).unwrap().status().is_success());
    };
    let text = upload(&registry.host, "wrong", b"not wasm");
    let layer = |kind: &str| format!("{{\"mediaType\":\"{kind}\",\"size\":8,\"digest\":\"{text}\"}}");
    for (layers, said) in [
        (String::new(), "it has 0 layers"),
        (layer("application/vnd.oci.image.layer.v1.tar+gzip"), "its layer is `application/vnd.oci.image"),
        (format!("{0},{0}", layer("application/wasm")), "it has 2 layers"),
        // As far as the registry can tell it is one; the load gate can tell more.
        (layer("application/wasm"), "WebAssembly"),
    ] {
        put("wrong", &layers);
        let output = plugin_in(place, &["install", &registry.reference("wrong:1")]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(said), "{layers}: {}", stderr(&output));
    }
    for (reference, said) in [
        (registry.reference("nobody/has:this"), "cannot pull `oci://"),
        ("oci://127.0.0.1:1/a:b".to_owned(), "cannot pull `oci://"),
        ("oci://UPPER CASE".to_owned(), "is not a reference"),
    ] {
        let output = plugin_in(place, &["install", &reference]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
    assert_eq!(fs::read_dir(place.join("plugins")).unwrap().count(), 0);
}

/// Puts bytes into a registry, as its specification has it; returns their digest.
fn upload(host: &str, name: &str, bytes: &[u8]) -> String {
    use sha2::Digest as _;

    let hex: String = sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let begun = ureq::post(format!("http://{host}/v2/{name}/blobs/uploads/")).send_empty().unwrap();
    let place = begun.headers()["location"].to_str().unwrap().to_owned();
    let place = if place.starts_with("http") { place } else { format!("http://{host}{place}") };
    let url = format!("{place}&digest=sha256:{hex}");
    let done = ureq::put(url).header("content-type", "application/octet-stream").send(bytes).unwrap();
    assert_eq!(done.status(), 201);
    format!("sha256:{hex}")
}
