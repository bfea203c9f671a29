use serde_json::json;

use super::*;

fn rules() -> TokenRules {
    TokenRules {
        issuer: Some("https://id.example.org".to_owned()),
        audience: "optimus".to_owned(),
        tenant_claim: "sub".to_owned(),
        scope_claim: "scope".to_owned(),
        scope_prefix: "optimus:".to_owned(),
        rest: Duration::from_secs(5),
    }
}

/// Made by OpenSSL, as are the tokens, which are good until 2100.
const RSA: &str = "\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAymHZk0RPxlXjbbktvrtP
NW/odPPvXQQHimKkq2ZBE0g8ZJjdERQWb8gpVNlbpFezyi46jIR6TWsDy34Z1Ogb
LEcjEHCISXCNlGMFTQ4YqEH57tnpXkqKJ2tqRqboT/7+4vh1ONKPRCTt0v+NCFfP
p5B6Bi3iTbtml7Lvh65TrnjSIr3XpoOC9H1qIalA5Sydban32yjnUgMu1AcVCPLw
u/1e8YWwWtFwI4mCCkuA1FpqzaPYe1vAYbKBBkkg/agCXdeu6VV5K5lt7ah0zVar
4P752GCj+8mYs6Q8sfX5juwMXRHFvd6JPciaWnB7EUDMnxzPlYAoEvI9XY0aM4OA
AQIDAQAB
-----END PUBLIC KEY-----
";
const PKCS1: &str = "\
eyJhbGciOiAiUlMyNTYiLCAidHlwIjogIkpXVCIsICJraWQiOiAicnNhIn0.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGFtcGxlLm9yZyIsICJhdWQiOiBb\
Im9wdGltdXMiLCAib3RoZXIiXSwgImV4cCI6IDQxMDI0NDQ4MDAsICJzdWIiOiAic2Nob29sIiwgInNjb3BlIjogIm9wZW5pZCBvcHRpbXVzOnN1Ym1p\
dCBvcHRpbXVzOnJlYWQifQ.q-lVZvPwFWtJJFfGQK3ZnzN3b82vKrgCihU_qWdUR8fUSfah1bth0kgnqVVNdKnC8fquLTLnW74oRyyb-YqqZsCS3ijcY\
UHd-9CknOcZYa5aQKAoiVshdijZ_kkhyetKtMVY2p8RYc1SANv_86GMp8QeIRjDIVldJJvX0DmmfoklOveV5Oyfb74vx_JN6A4Vj06Smo-uLafTKuMI1\
DNKYYJB7sJO2U6GO7riItOxugyn9hkfCYvTPfiF2V2Sejnu-M52i93ib5PrVVpsGRrRbdjDarUPSiAGqgnjjY5gREkou2RsvY8OHYAfEEbQyZy1YuD97\
0MQOdDhsHcV4XfTNw";
const PSS: &str = "\
eyJhbGciOiAiUFMyNTYiLCAidHlwIjogIkpXVCIsICJraWQiOiAicnNhIn0.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGFtcGxlLm9yZyIsICJhdWQiOiBb\
Im9wdGltdXMiLCAib3RoZXIiXSwgImV4cCI6IDQxMDI0NDQ4MDAsICJzdWIiOiAic2Nob29sIiwgInNjb3BlIjogIm9wZW5pZCBvcHRpbXVzOnN1Ym1p\
dCBvcHRpbXVzOnJlYWQifQ.L4-XcHnqR5eOTxZKdEwWnht3-Vy7xnChu65jcvVJJ6eUQTtTNyEgUsuU4K0IuMQR_decgl7qmAYv0V6St5fdIk43MR10P\
igMg9iHRHjF-jrWG-2emS3CIyuZCB-VErBebxYub_D0d9CgfW1zKWdJLfY13GyCRcBax195sPeV5mtimigyYWXGEpV5Qaw-sUnfLpUOIXq93CVxPyDuW\
oYZdu5qwPTxkgM7x2aB3E00KtQt-_Rk0zYPNFU2YlvOKOx1mp-6_tBLo6nmYPN8ilt7SiqdMyrGPMeP6EHdSkoB6WSCCmUpT4BCExZCK5qhBZU9glD36\
ulNkcLthgszJikm3A";
const P256: &str = "\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEP/nmrvByDHFk1zD4ZDY7GRwWRah9
Yt1GrZkTzYAwPysXnmUAlCsRzcVaNvAqEsv+gCPTcuwZ6IhmKFBhTLyxlw==
-----END PUBLIC KEY-----
";
const ED25519: &str = "\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA57qH5Qbrd4WmyGoZk+r5iBGJvrhguEToOypVlU27eeo=
-----END PUBLIC KEY-----
";
const P384: &str = "\
-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAENwxeL7MAswv8yL75nSLLxoyyiAfkD0Os
hTfic773p1UupshIibuU422zvaoEedZ4A8Yg5nSQXsQNObsEPO7o2FPu7bfjbjB4
73zyhj3iB6wqG/PFGTcmN+zHHE6ZAD5X
-----END PUBLIC KEY-----
";

#[tokio::test]
async fn a_token_signed_with_rsa_is_taken_and_no_other_for_the_same_key() {
    let tokens = Tokens::new(rules());
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key.pem");
    std::fs::write(&file, RSA).unwrap();
    tokens.replace(KeySource::File(file).load().unwrap());
    let key = tokens.read(PKCS1).await.unwrap();
    assert_eq!((key.tenant.as_str(), key.scopes), ("school", [Scope::Submit, Scope::Read].into()));
    let refusal = tokens.read(PSS).await.unwrap_err().to_string();
    assert!(refusal.contains("algorithm"), "{refusal}");
    let (signed, signature) = PKCS1.rsplit_once('.').unwrap();
    let swapped = format!("{signed}.{}", signature.chars().rev().collect::<String>());
    assert!(tokens.read(&swapped).await.unwrap_err().to_string().contains("signature"));
    let other = Tokens::new(TokenRules { issuer: Some("https://id.example.com".to_owned()), ..rules() });
    other.replace(Loaded { keys: vec![pem::read(RSA.as_bytes()).unwrap()], endpoints: None });
    assert!(other.read(PKCS1).await.unwrap_err().to_string().contains("issuer"));
}

#[test]
fn public_keys_are_read_and_what_is_none_is_refused() {
    for (text, algorithm) in [(RSA, "RS256"), (P256, "ES256"), (ED25519, "EdDSA")] {
        assert_eq!(pem::read(text.as_bytes()).unwrap().algorithm(), algorithm);
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("keys");
    let private = P256.replace("PUBLIC", "PRIVATE");
    for bad in [P384, "", "x", "{}", "[]", r#"{"keys": 7}"#, r#"{"keys": [{}]}"#, &private, &RSA[..200]] {
        std::fs::write(&file, bad).unwrap();
        assert!(KeySource::File(file.clone()).load().is_err(), "{bad}");
    }
    for cut in 0..DER.len() {
        assert_eq!(pem::read(wrap(&DER[..cut]).as_bytes()), None, "{cut}");
    }
}

/// A length of 65,535, with fewer bytes.
const DER: [u8; 6] = [0x30, 0x82, 0xff, 0xff, 0x30, 0x00];

fn wrap(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
}

#[test]
fn claims_name_tenant_and_scopes_wherever_they_lie() {
    let nested =
        TokenRules { tenant_claim: "org.name".to_owned(), scope_claim: "realm_access.roles".to_owned(), ..rules() };
    let tokens = Tokens::new(nested);
    let claims = json!({"org": {"name": "nested"}, "realm_access": {"roles": ["optimus:admin", "x", 7]}});
    let key = tokens.identity(&claims).unwrap();
    assert_eq!((key.tenant.as_str(), key.may(Scope::Plugins)), ("nested", true));
    let claims = json!({"org.name": "flat", "realm_access": {"roles": "admin optimus:nonsense"}});
    let key = tokens.identity(&claims).unwrap();
    assert_eq!((key.tenant.as_str(), key.scopes), ("flat", BTreeSet::new()), "a bare `admin` is theirs");
    for bad in [json!(""), json!("a b"), json!("{a}"), json!("a\u{0}"), json!("x".repeat(256)), json!(7), json!(null)] {
        assert!(tokens.identity(&json!({"org": {"name": bad}})).is_err(), "{bad}");
    }
}
