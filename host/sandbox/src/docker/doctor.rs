//! What a daemon offers to boxes, as data.

use bollard::Docker;
use bollard::models::SystemInfo;

use super::client::{connect, failed};
use super::config::DockerConfig;
use super::launch::Traits;
use super::{pinning, prepare};
use crate::{Ability, Check, Description, Gap, SandboxError};

/// Looks at the daemon, and at whether these images are there. Nothing is changed.
pub async fn docker_doctor(config: &DockerConfig, images: &[String]) -> Vec<Check> {
    let problem = |name, error: &SandboxError| Check { name, found: error.to_string(), hint: error.hint() };
    let docker = match connect(config).await {
        Ok(docker) => docker,
        Err(error) => return vec![problem("docker", &error)],
    };
    let info = match docker.info().await.map_err(failed("ask the daemon about itself")) {
        Ok(info) => info,
        Err(error) => return vec![problem("docker", &error)],
    };
    let mut checks = vec![
        fact("docker", info.server_version.clone()),
        fact("docker storage", info.driver.clone()),
        fact("docker cgroups", Some(cgroups(&info))),
        fact("docker runtimes", Some(runtimes(&info))),
        fact("docker security", Some(info.security_options.clone().unwrap_or_default().join(", "))),
    ];
    checks.extend(config.runtime.iter().chain(config.runtimes.values()).filter_map(|runtime| missing(&info, runtime)));
    checks.extend(gaps(&info).into_iter().map(|gap| Check { name: "limit", found: gap.what, hint: Some(gap.hint) }));
    for image in images {
        let there = prepare::qualified(config, image);
        let (hint, fetched) = (prepare::how_to_have(image), config.pull && !prepare::is_built_here(&there));
        checks.push(match docker.inspect_image(image).await {
            Ok(found) => fact("image", Some(format!("{image}: {}", found.id.unwrap_or_default()))),
            Err(_) if fetched => fact("image", Some(format!("{image}: not here; it will be fetched when needed"))),
            Err(_) => Check { name: "image", found: format!("{image}: not here"), hint: Some(hint) },
        });
    }
    checks
}

fn fact(name: &'static str, found: Option<String>) -> Check {
    Check { name, found: found.unwrap_or_else(|| "it does not say".to_owned()), hint: None }
}

/// What matters of a daemon for those who open boxes.
pub(super) async fn look(docker: &Docker, config: &DockerConfig) -> Result<(Description, Traits), SandboxError> {
    let info = docker.info().await.map_err(failed("ask the daemon about itself"))?;
    if info.os_type.as_deref().is_some_and(|os| os != "linux") {
        return Err(SandboxError::Unavailable {
            message: "the Docker daemon runs no Linux containers".to_owned(),
            hint: "point DOCKER_HOST to one that does".to_owned(),
        });
    }
    if config.processors.is_some() {
        pinning::refuse_elsewhere(&info, config)?;
    }
    let options = info.security_options.clone().unwrap_or_default();
    let has = |name: &str| options.iter().any(|option| option.split(',').any(|part| part == format!("name={name}")));
    let traits = Traits { apparmor: has("apparmor"), maps_ids: has("userns") || has("rootless") };
    let version = info.server_version.clone().unwrap_or_default();
    let runtime = info.default_runtime.clone().unwrap_or_default();
    let summary =
        format!("Docker {version}, {}, {}, {runtime}", info.driver.clone().unwrap_or_default(), cgroups(&info));
    let gaps = gaps(&info);
    Ok((Description { name: "docker", summary, gaps, missing: vec![Ability::Fuel], ..Description::default() }, traits))
}

fn cgroups(info: &SystemInfo) -> String {
    let version = info.cgroup_version.map_or_else(|| "1".to_owned(), |version| version.to_string());
    format!("cgroup v{version}")
}

fn runtimes(info: &SystemInfo) -> String {
    let mut names: Vec<_> = info.runtimes.iter().flatten().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.join(", ")
}

fn missing(info: &SystemInfo, runtime: &str) -> Option<Check> {
    let known = info.runtimes.as_ref().is_none_or(|runtimes| runtimes.contains_key(runtime));
    (!known).then(|| Check {
        name: "docker runtime",
        found: format!("the daemon has no runtime `{runtime}`"),
        hint: Some("add it to the daemon's configuration, or name another with `--docker-runtime`".to_owned()),
    })
}

/// What the daemon's kernel cannot bound.
fn gaps(info: &SystemInfo) -> Vec<Gap> {
    let gap = |what: &str| Gap {
        what: format!("the limit on {what} cannot be enforced: the daemon has no controller for it"),
        hint: "give the daemon the memory and pids cgroup controllers; or accept this with `--allow-missing-limits`"
            .to_owned(),
    };
    [("memory", info.memory_limit), ("processes", info.pids_limit)]
        .into_iter()
        .filter(|(_, there)| *there == Some(false))
        .map(|(what, _)| gap(what))
        .collect()
}
