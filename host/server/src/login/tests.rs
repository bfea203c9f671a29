use super::client::Proof;
use super::*;
use crate::webhooks::MasterPlace;

fn client(secret: Option<&str>) -> Client {
    let secret = secret.map(|secret| secret.parse().unwrap());
    Client { id: "the console".to_owned(), secret, scopes: Vec::new(), console: None }
}

fn secrets(dir: &tempfile::TempDir) -> Secrets {
    Secrets::new(MasterPlace::File(dir.path().join("secret")))
}

#[test]
fn a_client_proves_itself_as_the_provider_takes_it_and_never_shows_its_secret() {
    let (public, confidential) = (client(None), client(Some("a:b c/é")));
    assert!(!format!("{confidential:?}").contains("a:b"), "{confidential:?}");
    let taken = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let (basic, post) = (taken(&["private_key_jwt", "client_secret_basic"]), taken(&["client_secret_post"]));
    // By Python's urllib.parse.quote_plus and base64.b64encode.
    let authorization = Some("Basic dGhlK2NvbnNvbGU6YSUzQWIrYyUyRiVDMyVBOQ==".to_owned());
    for taken in [None, Some(basic.as_slice())] {
        let proof = Proof { authorization: authorization.clone(), fields: Vec::new() };
        assert_eq!(confidential.proof(taken).unwrap(), proof);
    }
    let fields = vec![("client_id", "the console"), ("client_secret", "a:b c/é")];
    assert_eq!(confidential.proof(Some(&post)).unwrap(), Proof { authorization: None, fields });
    assert!(confidential.proof(Some(&taken(&["private_key_jwt"]))).is_err());
    let fields = vec![("client_id", "the console")];
    assert_eq!(public.proof(Some(&post)).unwrap(), Proof { authorization: None, fields });
}

#[test]
fn what_an_operator_gives_is_read_strictly() {
    assert_eq!("s3cr3t\n".parse::<ClientSecret>(), "s3cr3t".parse());
    assert!(" \n".parse::<ClientSecret>().is_err());
    for good in ["https://judge.example.org", "http://127.0.0.1:8080/", "https://[::1]:8443"] {
        assert!(good.parse::<ConsoleUrl>().is_ok(), "{good}");
    }
    for bad in ["judge.example.org", "https://judge.example.org/console", "https://a@judge.example.org", "file:///x"] {
        assert!(bad.parse::<ConsoleUrl>().is_err(), "{bad}");
    }
}

#[test]
fn a_challenge_is_that_of_the_standard() {
    // RFC 7636, appendix B.
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
    let marks = flow::Marks { state: String::new(), nonce: String::new(), verifier };
    assert_eq!(marks.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

#[tokio::test]
async fn a_flow_has_the_state_of_its_cookie_and_of_no_other_until_it_ends() {
    let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let flow = Flow::begin("/jobs?state=done".to_owned()).unwrap();
    let marks = flow.marks(&secrets(&dir)).await.unwrap();
    assert_eq!([&marks.state, &marks.nonce, &marks.verifier].map(String::len), [43; 3]);
    let cookie = flow.cookie();
    assert!([&marks.state, &marks.nonce, &marks.verifier].into_iter().all(|mark| !cookie.contains(mark)), "{cookie}");
    assert_eq!(Flow::of_cookie(&cookie).as_ref(), Some(&flow));
    let knows = async |flow: &Flow, state: &str, dir| flow.marks_if(state, &secrets(dir)).await.unwrap().is_some();
    assert!(knows(&flow, &marks.state, &dir).await);
    assert!(!knows(&flow, &marks.state, &elsewhere).await, "a server of another queue");
    for wrong in ["", "x", &marks.nonce, &marks.state[..42], &marks.state.to_uppercase()] {
        assert!(!knows(&flow, wrong, &dir).await, "{wrong}");
    }
    let later = Flow { end: flow.end + 1, ..flow.clone() };
    let elsewhere = Flow { to: "/keys".to_owned(), ..flow.clone() };
    for changed in [later, elsewhere, Flow::begin(flow.to.clone()).unwrap()] {
        assert!(!knows(&changed, &marks.state, &dir).await, "{changed:?}");
    }
    let ended = Flow { end: 1, ..flow };
    let state = ended.marks(&secrets(&dir)).await.unwrap().state;
    assert!(!knows(&ended, &state, &dir).await, "its time is over");
    for none in ["", "~", "a~b~c", "a~1~*", "a~1~YQ~", "a~1~_w"] {
        assert_eq!(Flow::of_cookie(none), None, "{none}");
    }
}

#[tokio::test]
async fn a_flow_ends_once() {
    let (used, flow) = (Used::new(None), Flow::begin("/".to_owned()).unwrap());
    assert!(used.note(&flow).await.unwrap());
    assert!(!used.note(&flow).await.unwrap());
    assert!(used.note(&Flow::begin("/".to_owned()).unwrap()).await.unwrap());
}

#[test]
fn a_session_lasts_as_long_as_its_token_and_no_longer_than_any() {
    let left = |end| remaining(end, Duration::from_secs(1_000), Duration::from_secs(100)).as_secs();
    assert_eq!([left(1_060.5), left(1_100.0), left(9e300), left(999.0), left(f64::NAN)], [60, 100, 100, 0, 0]);
}
