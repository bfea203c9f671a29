//! A Docker daemon for tests, and an image that needs no registry: a few files, and no shell.

use std::collections::HashMap;

use bollard::Docker;
use bollard::query_parameters::CreateImageOptionsBuilder;
use bytes::Bytes;
use futures::StreamExt as _;
use optimus_sandbox::{DockerConfig, DockerSandbox};

/// Imported once, and then found again.
pub(crate) const IMAGE: &str = "optimus-test:bare";

/// A sandbox of the daemon that is there, with the image at hand; or why not.
pub(crate) async fn sandbox(config: DockerConfig) -> Result<DockerSandbox, String> {
    import(&client().await?, IMAGE, &[]).await?;
    DockerSandbox::connect(config).await.map_err(|error| error.to_string())
}

/// Our own way to the daemon.
pub(crate) async fn client() -> Result<Docker, String> {
    let docker = Docker::connect_with_defaults().map_err(|error| error.to_string())?.negotiate_version().await;
    docker.map_err(|error| format!("no Docker daemon: {error}"))
}

/// Makes an image of a few files, with `changes` as in a Dockerfile, unless it is there.
pub(crate) async fn import(docker: &Docker, image: &str, changes: &[&str]) -> Result<(), String> {
    import_with(docker, image, changes, None).await
}

/// An image with a program at `path` too; its name, which the program's content is a part of.
#[allow(dead_code, reason = "not every suite that has this module needs it")]
pub(crate) async fn with_program(path: &str, executable: &[u8]) -> Result<String, String> {
    let mut hasher = std::hash::DefaultHasher::new();
    std::hash::Hasher::write(&mut hasher, executable);
    let image = format!("optimus-test:with-{:016x}", std::hash::Hasher::finish(&hasher));
    import_with(&client().await?, &image, &[], Some((path, executable))).await?;
    Ok(image)
}

async fn import_with(
    docker: &Docker,
    image: &str,
    changes: &[&str],
    program: Option<(&str, &[u8])>,
) -> Result<(), String> {
    if docker.inspect_image(image).await.is_ok() {
        return Ok(());
    }
    let (repo, tag) = image.split_once(':').ok_or("the image has a tag")?;
    let changes = changes.iter().map(|&change| change.to_owned()).collect();
    let options = CreateImageOptionsBuilder::default().from_src("-").repo(repo).tag(tag).changes(changes).build();
    let archive = bollard::body_full(files(program).map_err(|error| error.to_string())?);
    let mut steps = docker.create_image(Some(options), Some(archive), None);
    while let Some(step) = steps.next().await {
        step.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// What any image has, and a program that would make its caller root.
fn files(program: Option<(&str, &[u8])>) -> std::io::Result<Bytes> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut files: HashMap<&str, (u32, &[u8])> = HashMap::from([
        ("etc/passwd", (0o644, &b"root:x:0:0::/:/bin/sh\nimage:x:7:7::/:/bin/sh\n"[..])),
        ("etc/shadow", (0o640, b"root:*::::::\n")),
        ("etc/machine-id", (0o644, b"0123456789abcdef0123456789abcdef\n")),
        ("usr/share/data", (0o644, b"data\n")),
        ("usr/bin/gain", (0o4755, b"\x7fELF")),
        ("root/.profile", (0o644, b"secret\n")),
        ("var/lib/state", (0o644, b"state\n")),
    ]);
    files.extend(program.map(|(path, executable)| (path, (0o755, executable))));
    let mut names: Vec<_> = files.keys().copied().collect();
    names.sort_unstable();
    for name in names {
        let (mode, content) = files[name];
        let mut header = tar::Header::new_gnu();
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, name, content)?;
    }
    archive.into_inner().map(Bytes::from)
}
