//! The plugins of the tests' server: one that was rejected, and one that is there, with a version that it replaced.

use optimus_core::{Fault, Timestamp};
use optimus_server::api::{
    PluginConsent, PluginInstaller, PluginReview, PluginStatus, PluginVersion, ReplacedPlugin, ReviewedField,
};
use optimus_server::keys::{Key, Scope};
use serde_json::json;

use crate::support::Server;

pub(crate) fn plugins() -> Vec<PluginStatus> {
    let error = Some(Fault::new("not_a_component", "it is text"));
    let bad = PluginStatus {
        file: "bad.wasm".to_owned(),
        id: None,
        version: None,
        digest: None,
        state: "rejected".to_owned(),
        signed_by: None,
        error,
        notes: vec!["it is a note".to_owned()],
    };
    let said = |text: &str| Some(text.to_owned());
    let good = PluginStatus {
        file: "toy.wasm".to_owned(),
        id: said("toy"),
        version: said("1.0.0"),
        digest: said("00"),
        state: "active".to_owned(),
        signed_by: said("E7620F1842B4E81F"),
        error: None,
        notes: Vec::new(),
    };
    vec![bad, good]
}

/// Takes the words `a plugin` for the language `toy`, and has a version `aa` that they replaced.
pub(crate) struct Toys;

impl Toys {
    fn gate(id: &str, version: PluginVersion<'_>) -> Result<&'static str, Fault> {
        match (id, version) {
            ("toy", PluginVersion::New(b"a plugin")) => Ok("bb"),
            ("toy", PluginVersion::Replaced("aa")) => Ok("aa"),
            (_, PluginVersion::Replaced(_)) => Err(Fault::new("unknown_version", "it is not kept").hint("list them")),
            _ => Err(Fault::new("plugin_rejected", "is not a WebAssembly component").hint("build it")),
        }
    }
}

impl PluginInstaller for Toys {
    fn review(&self, id: &str, version: PluginVersion<'_>) -> Result<PluginReview, Fault> {
        let digest = Self::gate(id, version)?.to_owned();
        let (before, after) = (vec!["1.0.0".to_owned()], vec!["2.0.0".to_owned()]);
        let fields = vec![ReviewedField { name: "version", before, after, asks_for_more: false }];
        Ok(PluginReview { id: id.to_owned(), digest, replaces: "00".to_owned(), fields, notes: Vec::new() })
    }

    fn install(&self, id: &str, version: PluginVersion<'_>, consent: &PluginConsent) -> Result<PluginStatus, Fault> {
        let digest = Self::gate(id, version)?;
        if consent.digest.as_ref().is_some_and(|wanted| wanted != digest) {
            return Err(Fault::new("other_bytes", "they are others").hint("look again"));
        }
        if consent.replaces.as_ref().is_some_and(|wanted| wanted != "00") {
            return Err(Fault::new("plugin_changed", "another serves").hint("look again"));
        }
        Ok(plugins().remove(1))
    }

    fn replaced(&self, id: &str) -> Result<Vec<ReplacedPlugin>, Fault> {
        let (digest, version, signed_by) = ("aa".to_owned(), "0.9.0".to_owned(), Some("E7620F1842B4E81F".to_owned()));
        let one = ReplacedPlugin { digest, version, bytes: 8, replaced_at: Timestamp(0), signed_by };
        Ok(if id == "toy" { vec![one] } else { Vec::new() })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_is_put_in_or_the_gate_says_why_not() {
    let server = Server::start().await;
    let put = server.send("PUT", "/v1/plugins/toy", &["content-type: application/wasm"], "a plugin").await;
    assert_eq!((put.status, &put.json()["state"]), (200, &json!("active")), "{}", put.text());
    let refused = server.send("PUT", "/v1/plugins/toy", &[], "nonsense").await;
    assert_eq!(refused.error(422, "plugin_rejected"), "is not a WebAssembly component | build it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_looked_at_is_put_in_and_nothing_else() {
    let server = Server::start().await;
    let send =
        async |method: &str, path: &str| server.send(method, &format!("/v1/plugins/{path}"), &[], "a plugin").await;
    let review = send("POST", "toy/dry-run").await;
    assert_eq!(review.status, 200, "{}", review.text());
    let review = review.json();
    assert_eq!(
        (&review["digest"], &review["replaces"], &review["fields"][0]["after"]),
        (&json!("bb"), &json!("00"), &json!(["2.0.0"]))
    );
    send("POST", "other/dry-run").await.error(422, "plugin_rejected");
    assert_eq!(send("PUT", "toy?digest=bb&replaces=00").await.status, 200);
    send("PUT", "toy?digest=cc").await.error(409, "other_bytes");
    send("PUT", "toy?digest=bb&replaces=none").await.error(409, "plugin_changed");
    send("PUT", "toy?dry_run=true").await.error(400, "bad_query");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_version_is_listed_looked_at_and_put_back() {
    let server = Server::start().await;
    let listed = server.get("/v1/plugins/toy/versions").await.json();
    let version = json!({
        "digest": "aa", "version": "0.9.0", "bytes": 8, "replaced_at": "1970-01-01T00:00:00.000Z", "signed_by": "E7620F1842B4E81F"
    });
    assert_eq!(listed, json!({"versions": [version]}));
    assert_eq!(server.get("/v1/plugins/other/versions").await.json(), json!({"versions": []}));
    assert_eq!(server.get("/v1/plugins/toy/versions/aa").await.json()["digest"], "aa");
    server.get("/v1/plugins/toy/versions/bb").await.error(404, "unknown_version");
    let back = async |query: &str| server.send("POST", &format!("/v1/plugins/toy/rollback{query}"), &[], "").await;
    assert_eq!(back("?digest=aa&replaces=00").await.status, 200);
    back("?digest=bb").await.error(404, "unknown_version");
    back("?digest=aa&replaces=01").await.error(409, "plugin_changed");
    assert!(back("").await.error(400, "bad_query").contains("`digest` is missing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_change_plugins_and_see_their_versions() {
    let server = Server::start().await;
    let (user, secret) = Key::new("t", [Scope::Submit, Scope::Read, Scope::Plugins].into(), None).unwrap();
    let (admin, admins) = Key::new("t", [Scope::Admin].into(), None).unwrap();
    server.keys.replace(vec![user, admin]);
    for (method, path, status) in [
        ("POST", "toy/dry-run", 200),
        ("PUT", "toy", 200),
        ("GET", "toy/versions", 200),
        ("GET", "toy/versions/aa", 200),
        ("POST", "toy/rollback?digest=aa", 200),
    ] {
        let ask = async |secret: &str| {
            let bearer = format!("authorization: Bearer {secret}");
            server.send(method, &format!("/v1/plugins/{path}"), &[&bearer], "a plugin").await
        };
        ask(&secret).await.error(403, "forbidden");
        assert_eq!(ask(&admins).await.status, status, "{path}");
    }
}
