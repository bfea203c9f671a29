//! Signing in through an identity provider, whichever process is asked.

use optimus_server::login::Client;

use crate::place::Place;
use crate::provider::Provider;
use crate::provider::browser::{Browser, location};
use crate::provider::desk::CLIENT;
use crate::support::Setup;

/// Where the processes are reached together.
const CONSOLE: &str = "http://judge.example.org";

fn setup(provider: &Provider) -> Setup {
    let console = Some(CONSOLE.parse().unwrap());
    let client = Client { id: CLIENT.to_owned(), secret: None, scopes: Vec::new(), console };
    let login = Some((client, provider.issuer()));
    Setup { tokens: Some(provider.tokens()), login, slots: 0, ..Setup::default() }
}

pub(crate) async fn a_sign_in_ends_once_in_whichever_process(place: &Place) {
    let provider = Provider::start().await;
    provider.publish("one", "two");
    *provider.desk.redirect.lock().unwrap() = format!("{CONSOLE}/v1/session/callback");
    let mut first = place.server_with(setup(&provider)).await;
    let mut browser = Browser::default();
    let way = browser.leave(&first, "/jobs").await;
    let before = browser.clone();

    let second = place.another_with(&mut first, setup(&provider)).await;
    assert_eq!(location(&browser.come_back(&second, &way).await), "/jobs");
    assert_eq!(location(&before.clone().come_back(&second, &way).await), "/jobs?signin=stale");
    if place.is_shared() {
        assert_eq!(location(&before.clone().come_back(&first, &way).await), "/jobs?signin=stale");
    }
}
