//! `optimus serve` with a key for tokens: who comes in, and that others may then be let near.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::support::{can_judge, command, optimus};

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[test]
fn a_server_with_a_key_for_tokens_lets_in_who_has_one() {
    if !can_judge() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
    let public = URL_SAFE_NO_PAD.encode(pair.public_key());
    let file = dir.path().join("keys.json");
    let keys = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "one", "x": public}]});
    std::fs::write(&file, keys.to_string()).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({"aud": "optimus", "exp": now + 600, "org": {"id": "a"}, "scope": "optimus:read"});
    let signed = format!("{}.{}", encode(&json!({"alg": "EdDSA", "kid": "one"})), encode(&claims));
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes())));

    let mut serve = command(&["serve", "--listen", "0.0.0.0:0", "--log", "warn", "--jwt-audience", "optimus"]);
    serve.args(["--jwt-tenant-claim", "org.id", "--jwt-key"]).arg(&file).env("OPTIMUS_STATE", dir.path().join("state"));
    let mut child = serve.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let base = line.trim().replace("listening on ", "").replace("0.0.0.0", "127.0.0.1");
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let agent: ureq::Agent = config.timeout_global(Some(Duration::from_secs(60))).build().into();
    let ask = |authorization: &str| {
        let request = agent.get(format!("{base}/v1/jobs")).header("authorization", authorization);
        request.call().map(|answer| answer.status().as_u16()).unwrap()
    };
    // The first look at the file may still be under way.
    let statuses = [ask(&format!("Bearer {token}")), ask(&format!("Bearer {token}x")), ask("Bearer opt_1")];
    let _ = child.kill();
    let _ = child.wait();
    assert_eq!(statuses, [200, 401, 401]);

    let refused = optimus(&["serve", "--listen", "127.0.0.1:0", "--jwt-key", file.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(2) && said.contains("--jwt-audience"), "{said}");
    let missing = optimus(&["serve", "--listen", "127.0.0.1:0", "--jwt-key", "/no/such/key", "--jwt-audience", "x"]);
    let said = String::from_utf8_lossy(&missing.stderr);
    assert!(missing.status.code() == Some(2) && said.contains("/no/such/key"), "{said}");
}
