//! Prepared images that nobody will ask for again: of another release's agent, or of an image that has since been built
//! anew. They are removed at a worker's start, once they are a week old: two releases may share a daemon while one takes
//! the other's place, and neither should make again and again what the other removes.

use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::Docker;
use bollard::models::ImageSummary;
use bollard::query_parameters::{ListImagesOptions, RemoveImageOptions};

use super::client::{is_going, is_missing, words};
use super::prepare::{AGENT_DIGEST, LABEL_AGENT, LABEL_IMAGE};

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Removes them, but for those that a container is of.
pub(super) async fn remove_stale(docker: &Docker) {
    let stale = match find(docker).await {
        Ok(stale) => stale,
        Err(error) => return tracing::warn!(error = words(&error), "prepared images cannot be listed"),
    };
    for id in stale {
        match docker.remove_image(&id, None::<RemoveImageOptions>, None).await {
            Ok(_) => tracing::info!(image = id, "removed a prepared image that nobody asks for"),
            Err(error) if is_missing(&error) || is_going(&error) => {}
            Err(error) => tracing::warn!(image = id, error = words(&error), "a prepared image could not be removed"),
        }
    }
}

async fn find(docker: &Docker) -> Result<Vec<String>, bollard::errors::Error> {
    let all = docker.list_images(None::<ListImagesOptions>).await?;
    let named = |image: &&ImageSummary| !image.repo_tags.is_empty() || !image.repo_digests.is_empty();
    let originals: HashSet<&str> = all.iter().filter(named).map(|image| image.id.as_str()).collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(all.iter().filter(|image| is_stale(image, &originals, now)).map(|image| image.id.clone()).collect())
}

/// `originals` are the images that have a name.
fn is_stale(image: &ImageSummary, originals: &HashSet<&str>, now: Duration) -> bool {
    let (Some(agent), Some(original)) = (image.labels.get(LABEL_AGENT), image.labels.get(LABEL_IMAGE)) else {
        return false;
    };
    let age = now.saturating_sub(Duration::from_secs(u64::try_from(image.created).unwrap_or_default()));
    age > WEEK && (agent != &*AGENT_DIGEST || !originals.contains(original.as_str()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const NOW: Duration = Duration::from_secs(2_000_000_000);

    fn prepared(agent: &str, original: &str, days: u64) -> ImageSummary {
        let labels = [(LABEL_AGENT, agent), (LABEL_IMAGE, original)];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let created = NOW - Duration::from_secs(days * 24 * 60 * 60);
        ImageSummary { labels, created: i64::try_from(created.as_secs()).unwrap(), ..ImageSummary::default() }
    }

    #[test]
    fn only_what_is_old_and_of_no_use_is_stale() {
        let originals = HashSet::from(["python"]);
        let stale = |image: &ImageSummary| is_stale(image, &originals, NOW);
        assert!(stale(&prepared("another", "python", 8)));
        assert!(stale(&prepared(&AGENT_DIGEST, "python as it was", 8)));
        assert!(!stale(&prepared(&AGENT_DIGEST, "python", 800)));
        assert!(!stale(&prepared("another", "python", 6)));
        let foreign = ImageSummary { labels: HashMap::new(), ..prepared("another", "python", 8) };
        assert!(!stale(&foreign), "whatever has not our labels is somebody else's");
    }
}
