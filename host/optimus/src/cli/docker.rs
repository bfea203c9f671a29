//! Options of containers and images: flags of every verb that opens boxes.

use clap::{Args, ValueEnum};

/// Which daemon, which images, and how containers are used.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Containers")]
pub struct DockerArgs {
    /// The Docker daemon: `unix:///…`, `tcp://…`, `https://…` [default: DOCKER_HOST, then the usual socket]
    #[arg(long, env = "OPTIMUS_DOCKER_HOST", value_name = "URL")]
    pub docker_host: Option<String>,
    /// The daemon's runtime for boxes, as `runsc`, or for some images only, as `IMAGE=runsc` with `*` for any text; may
    /// be given again
    #[arg(long, env = "OPTIMUS_DOCKER_RUNTIME", value_delimiter = ',', value_name = "[IMAGE=]RUNTIME")]
    pub docker_runtime: Vec<Runtime>,
    /// Jobs of one container: many, each in fresh namespaces, or one
    #[arg(long, env = "OPTIMUS_DOCKER_ISOLATION", default_value = "pool", value_name = "HOW")]
    pub docker_isolation: Isolation,
    /// The most containers at the same time, of all languages
    #[arg(long, env = "OPTIMUS_DOCKER_CONTAINERS", default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub docker_containers: u16,
    /// Images that plugins may name, with `*` for any text; may be given again [default: any]
    #[arg(long = "allow-image", env = "OPTIMUS_ALLOW_IMAGES", value_delimiter = ',', value_name = "PATTERN")]
    pub allow_images: Vec<String>,
    /// Only images that are named by digest, `NAME@sha256:…`
    #[arg(long, env = "OPTIMUS_REQUIRE_DIGEST")]
    pub require_digest: bool,
    /// The registry that has the images of this project, `optimus/…`; without it they are never fetched, since their names in a
    /// public registry are not ours
    #[arg(long, env = "OPTIMUS_IMAGE_REGISTRY", value_name = "HOST[/PATH]", value_parser = registry)]
    pub image_registry: Option<String>,
    /// Fetch no image that is not there
    #[arg(long, env = "OPTIMUS_NO_PULL")]
    pub no_pull: bool,
}

/// Jobs that one container serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Isolation {
    /// Many, one after another
    Pool,
    /// One
    Job,
}

/// A runtime, of all images or of some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    /// Which images; all when absent.
    pub images: Option<String>,
    /// The daemon's name for it.
    pub name: String,
}

impl std::str::FromStr for Runtime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (images, name) = match text.split_once('=') {
            Some((images, name)) => (Some(images.to_owned()), name),
            None => (None, text),
        };
        let good = !name.is_empty() && images.as_ref().is_none_or(|images| !images.is_empty());
        if good {
            Ok(Self { images, name: name.to_owned() })
        } else {
            Err("expected RUNTIME or IMAGE=RUNTIME".to_owned())
        }
    }
}

/// A host, which has a dot or a port or is `localhost`: anything else is a namespace at a public registry.
fn registry(text: &str) -> Result<String, String> {
    let host = text.split('/').next().unwrap_or_default();
    let is_host = host == "localhost" || host.contains(['.', ':']);
    let fine = |c: char| c.is_ascii_alphanumeric() || ".:-_/".contains(c);
    match is_host && text.chars().all(fine) && !text.ends_with('/') && !text.contains("//") {
        true => Ok(text.to_owned()),
        false => {
            Err("expected the host of a registry, as in `registry.example.com` or `localhost:5000/team`".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_is_for_all_images_or_for_some() {
        let all = Runtime { images: None, name: "runsc".to_owned() };
        assert_eq!("runsc".parse(), Ok(all));
        let some = Runtime { images: Some("optimus/c:*".to_owned()), name: "kata".to_owned() };
        assert_eq!("optimus/c:*=kata".parse(), Ok(some));
        for host in ["registry.example.com", "localhost:5000/team", "localhost"] {
            assert_eq!(registry(host).as_deref(), Ok(host));
        }
        for other in ["somebody", "library/x", "https://registry.example.com", "a.b/", ""] {
            assert!(registry(other).is_err(), "{other}");
        }
        assert!("=x".parse::<Runtime>().is_err() && "x=".parse::<Runtime>().is_err());
    }
}
