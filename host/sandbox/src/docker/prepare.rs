//! Prepared images: a language's image with the agent in it, made once for each image and agent, and found again by
//! its tag after a restart.
//!
//! Nothing of the image is run for it: a container is created, given a file, committed and removed, and never started.
//! A build would run the image's ONBUILD instructions.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use bollard::Docker;
use bollard::models::{ContainerConfig, ContainerCreateBody, HealthConfig, HostConfig, ImageConfig, ImageInspect};
use bollard::query_parameters::{
    CommitContainerOptionsBuilder, CreateContainerOptions, CreateImageOptionsBuilder, RemoveContainerOptionsBuilder,
    UploadToContainerOptionsBuilder,
};
use bytes::Bytes;
use futures::StreamExt as _;
use sha2::{Digest as _, Sha256};

use super::client::{failed, is_missing, words};
use super::config::DockerConfig;
use super::orphans::Owner;
use crate::{SandboxError, agent};

/// Where the agent lies in a prepared image. The directory is the agent's scaffold, too.
pub(super) const AGENT: &str = "/.optimus/agent";
const REPOSITORY: &str = "optimus/prepared";
/// The image that a prepared one was made from.
pub(super) const LABEL_IMAGE: &str = "optimus.image";
pub(super) const LABEL_AGENT: &str = "optimus.agent";

/// The first digits of the agent's SHA-256: who tells images with other agents apart needs no more.
pub(super) static AGENT_DIGEST: LazyLock<String> = LazyLock::new(|| {
    let digest = Sha256::digest(agent::PROGRAM);
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
});

/// An image that boxes are made of.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    /// Its id.
    pub(super) id: String,
    /// The PATH of its programs.
    pub(super) path: String,
    /// The rest of its environment.
    pub(super) env: Vec<(String, String)>,
    /// Where it wants volumes, which it does not get.
    pub(super) volumes: Vec<String>,
}

/// What is told about an image that is being fetched: text for people, again and again.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// Finds or makes the prepared image.
pub(super) async fn prepare(
    docker: &Docker,
    config: &DockerConfig,
    owner: &Owner,
    image: &str,
    progress: &Progress,
) -> Result<Prepared, SandboxError> {
    let original = find_original(docker, config, image, progress).await?;
    let id = original.id.clone().unwrap_or_default();
    let short: String = id.trim_start_matches("sha256:").chars().take(16).collect();
    let tag = format!("{short}-{}", *AGENT_DIGEST);
    let name = format!("{REPOSITORY}:{tag}");
    let found = match docker.inspect_image(&name).await {
        Ok(found) if made_from(&found) == Some(&id) => found,
        Ok(_) => make(docker, owner, &id, &tag).await?,
        Err(error) if is_missing(&error) => make(docker, owner, &id, &tag).await?,
        Err(error) => return Err(failed(format!("look for image `{name}`"))(error)),
    };
    Ok(describe(found, original.config.unwrap_or_default()))
}

/// Of the images that the project's files build, which no registry has.
const NAMESPACE: &str = "optimus/";

async fn find_original(
    docker: &Docker,
    config: &DockerConfig,
    image: &str,
    progress: &Progress,
) -> Result<ImageInspect, SandboxError> {
    if config.require_digest && !image.contains("@sha256:") {
        return Err(SandboxError::Unavailable {
            message: format!("image `{image}` is not named by its digest"),
            hint: "the operator requires `NAME@sha256:…`".to_owned(),
        });
    }
    let there = qualified(config, image);
    let found = match docker.inspect_image(image).await {
        Err(error) if is_missing(&error) && there != image => docker.inspect_image(&there).await,
        found => found,
    };
    let image = there.as_str();
    match found {
        Err(error) if is_missing(&error) && config.pull && is_built_here(image) => {
            Err(missing(image, "it is built from a checkout, and no registry is named that has it"))
        }
        Err(error) if is_missing(&error) && config.pull => {
            pull(docker, image, progress).await?;
            docker.inspect_image(image).await.map_err(failed(format!("look at image `{image}`")))
        }
        Err(error) if is_missing(&error) => Err(missing(image, "it is not here, and fetching is switched off")),
        other => other.map_err(failed(format!("look at image `{image}`"))),
    }
}

/// The name by which an image is asked for where it is not here.
pub(super) fn qualified(config: &DockerConfig, image: &str) -> String {
    match config.registry.as_deref().filter(|_| is_built_here(image)) {
        Some(registry) => format!("{registry}/{image}"),
        None => image.to_owned(),
    }
}

/// Whether an image is one of those that this project's files build. By its bare name a daemon would ask a public registry,
/// where whoever owns the namespace chooses what runs in the boxes; a name with a registry's host says whose it is.
pub(super) fn is_built_here(image: &str) -> bool {
    image.starts_with(NAMESPACE)
}

async fn pull(docker: &Docker, image: &str, progress: &Progress) -> Result<(), SandboxError> {
    // Without a tag or digest the daemon would fetch every tag there is.
    let named = image.contains('@') || image.rsplit('/').next().is_some_and(|last| last.contains(':'));
    let wanted = if named { image.to_owned() } else { format!("{image}:latest") };
    let options = CreateImageOptionsBuilder::default().from_image(&wanted).build();
    let mut stream = docker.create_image(Some(options), None, None);
    while let Some(step) = stream.next().await {
        let step = step.map_err(|error| missing(image, &words(&error)))?;
        if let Some(error) = step.error_detail.and_then(|detail| detail.message) {
            return Err(missing(image, &error));
        }
        progress(&format!("{image}: {} {}", step.id.unwrap_or_default(), step.status.unwrap_or_default()));
    }
    Ok(())
}

fn missing(image: &str, why: &str) -> SandboxError {
    SandboxError::Unavailable { message: format!("image `{image}` is not available: {why}"), hint: how_to_have(image) }
}

/// What to do about an image that is not here.
pub(super) fn how_to_have(image: &str) -> String {
    match is_built_here(image) {
        true => "build it from a checkout: `cargo xtask images LANGUAGE`; or name the registry that has it: `--image-registry`".to_owned(),
        false => format!("build it, or `docker pull {image}`"),
    }
}

fn made_from(image: &ImageInspect) -> Option<&String> {
    image.config.as_ref()?.labels.as_ref()?.get(LABEL_IMAGE)
}

/// Makes the prepared image of the image `id`.
async fn make(docker: &Docker, owner: &Owner, id: &str, tag: &str) -> Result<ImageInspect, SandboxError> {
    tracing::info!(image = id, "putting the agent into an image");
    let mut labels = owner.labels();
    labels.insert(LABEL_IMAGE.to_owned(), id.to_owned());
    labels.insert(LABEL_AGENT.to_owned(), AGENT_DIGEST.clone());
    let body = ContainerCreateBody {
        image: Some(id.to_owned()),
        entrypoint: Some(vec![AGENT.to_owned()]),
        cmd: Some(Vec::new()),
        user: Some("0:0".to_owned()),
        working_dir: Some("/".to_owned()),
        healthcheck: Some(no_healthcheck()),
        labels: Some(labels.clone()),
        host_config: Some(HostConfig { network_mode: Some("none".to_owned()), ..HostConfig::default() }),
        ..ContainerCreateBody::default()
    };
    let created = docker.create_container(None::<CreateContainerOptions>, body).await;
    let container = created.map_err(failed("create a container to prepare an image"))?.id;
    let made = fill_and_commit(docker, &container, tag, labels).await;
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    if let Err(error) = docker.remove_container(&container, Some(options)).await {
        tracing::warn!(container, error = words(&error), "a container could not be removed");
    }
    made?;
    let name = format!("{REPOSITORY}:{tag}");
    docker.inspect_image(&name).await.map_err(failed(format!("look at image `{name}`")))
}

async fn fill_and_commit(
    docker: &Docker,
    container: &str,
    tag: &str,
    mut labels: HashMap<String, String>,
) -> Result<(), SandboxError> {
    let archive =
        agent_archive().map_err(|source| SandboxError::SetUp { stage: "pack the agent".to_owned(), source })?;
    let options = UploadToContainerOptionsBuilder::default().path("/").build();
    let upload = docker.upload_to_container(container, Some(options), bollard::body_full(archive)).await;
    upload.map_err(failed("put the agent into an image"))?;
    let options = CommitContainerOptionsBuilder::default().container(container).repo(REPOSITORY).tag(tag).build();
    // Who made an image says nothing about who uses it.
    labels.retain(|name, _| name == LABEL_IMAGE || name == LABEL_AGENT);
    let config = ContainerConfig { labels: Some(labels), ..ContainerConfig::default() };
    docker.commit_container(options, config).await.map_err(failed("commit a prepared image")).map(drop)
}

fn agent_archive() -> std::io::Result<Bytes> {
    let mut archive = tar::Builder::new(Vec::with_capacity(agent::PROGRAM.len() + 4096));
    let mut directory = tar::Header::new_gnu();
    directory.set_entry_type(tar::EntryType::Directory);
    directory.set_mode(0o755);
    directory.set_size(0);
    archive.append_data(&mut directory, ".optimus/", std::io::empty())?;
    let mut file = tar::Header::new_gnu();
    file.set_entry_type(tar::EntryType::Regular);
    file.set_mode(0o755);
    file.set_size(agent::PROGRAM.len() as u64);
    archive.append_data(&mut file, ".optimus/agent", agent::PROGRAM)?;
    archive.into_inner().map(Bytes::from)
}

/// In place of the image's own.
pub(super) fn no_healthcheck() -> HealthConfig {
    HealthConfig { test: Some(vec!["NONE".to_owned()]), ..HealthConfig::default() }
}

/// What an image without a PATH gets.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

fn describe(prepared: ImageInspect, original: ImageConfig) -> Prepared {
    let pairs = original.env.unwrap_or_default();
    let mut env: Vec<(String, String)> = pairs
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let path = env.iter().find(|(name, _)| name == "PATH").map_or(PATH, |(_, path)| path).to_owned();
    // Where a program's home is, and where it may write, is ours to say.
    env.retain(|(name, _)| !["PATH", "HOME", "TMPDIR"].contains(&name.as_str()));
    let volumes = original.volumes.unwrap_or_default();
    Prepared { id: prepared.id.unwrap_or_default(), path, env, volumes }
}

#[cfg(test)]
mod tests {
    use super::{DockerConfig, is_built_here, qualified};

    #[test]
    fn a_bare_name_of_ours_is_asked_of_no_registry() {
        assert!(is_built_here("optimus/python:3"));
        for image in
            ["python:3", "registry.example/optimus/python:3", "optimus-tools/python:3", "localhost:5000/optimus/c:1"]
        {
            assert!(!is_built_here(image), "{image}");
        }
    }

    #[test]
    fn the_operators_registry_stands_before_our_names_and_no_others() {
        let config =
            DockerConfig { registry: Some("registry.example:5000/team".to_owned()), ..DockerConfig::default() };
        assert_eq!(qualified(&config, "optimus/python:3"), "registry.example:5000/team/optimus/python:3");
        assert!(!is_built_here(&qualified(&config, "optimus/python:3")), "so it may be fetched");
        assert_eq!(qualified(&config, "python:3"), "python:3");
        assert_eq!(qualified(&DockerConfig::default(), "optimus/python:3"), "optimus/python:3");
    }
}
