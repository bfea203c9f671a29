//! A browser, as far as signing in goes: it keeps cookies (RFC 6265), and follows where it is sent.

use crate::support::{Answer, Server};

/// The cookies of one server: name, value, path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Browser {
    pub(crate) cookies: Vec<(String, String, String)>,
}

/// A visit to a page that a link of our own page leads to.
pub(crate) const OWN: &str = "sec-fetch-site: same-origin";
/// A visit that another site sends the browser to.
pub(crate) const CROSS: &str = "sec-fetch-site: cross-site";

impl Browser {
    /// Visits a path, and keeps what it is told to.
    pub(crate) async fn visit(&mut self, server: &Server, path: &str, headers: &[&str]) -> Answer {
        let place = path.split('?').next().unwrap();
        let sent = self.cookies.iter().filter(|(_, _, at)| place.starts_with(at.as_str()));
        let pairs: Vec<_> = sent.map(|(name, value, _)| format!("{name}={value}")).collect();
        let line = format!("cookie: {}", pairs.join("; "));
        let headers: Vec<&str> = headers.iter().copied().chain((!pairs.is_empty()).then_some(line.as_str())).collect();
        let answer = server.send("GET", path, &headers, "").await;
        for set in answer.values("set-cookie") {
            let (pair, attributes) = set.split_once("; ").unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let of = |wanted: &str| attributes.split("; ").find_map(|one| one.strip_prefix(wanted)).unwrap();
            self.cookies.retain(|(known, _, path)| known != name || path != of("Path="));
            if of("Max-Age=") != "0" {
                self.cookies.push((name.to_owned(), value.to_owned(), of("Path=").to_owned()));
            }
        }
        answer
    }

    /// Begins to sign in; where the provider has it go is the answer.
    pub(crate) async fn leave(&mut self, server: &Server, to: &str) -> String {
        let answer = self.visit(server, &format!("/v1/session/login?to={to}"), &[OWN]).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        ask(location(&answer)).await
    }

    /// Comes back with the provider's answer.
    pub(crate) async fn come_back(&mut self, server: &Server, way: &str) -> Answer {
        self.visit(server, way, &[CROSS]).await
    }

    /// Signs in from end to end.
    pub(crate) async fn sign_in(&mut self, server: &Server, to: &str) -> Answer {
        let way = self.leave(server, to).await;
        self.come_back(server, &way).await
    }

    pub(crate) fn has(&self, prefix: &str) -> bool {
        self.cookies.iter().any(|(name, _, _)| name.starts_with(prefix))
    }
}

/// Where an answer leads to.
pub(crate) fn location(answer: &Answer) -> String {
    let places = answer.values("location");
    (*places.first().unwrap_or_else(|| panic!("{answer:?}"))).to_owned()
}

/// Asks the provider at the URL that the browser was sent to, and gives the path that it sends back to.
pub(crate) async fn ask(url: String) -> String {
    let asking = tokio::task::spawn_blocking(move || {
        let config = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build();
        let answer = ureq::Agent::from(config).get(&url).call().unwrap();
        let to = answer.headers().get("location").unwrap_or_else(|| panic!("{url}: {}", answer.status()));
        to.to_str().unwrap().to_owned()
    });
    let to = url::Url::parse(&asking.await.unwrap()).unwrap();
    to[url::Position::BeforePath..].to_owned()
}
