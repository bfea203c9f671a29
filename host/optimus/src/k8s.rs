//! Manifests of a cluster's workers, as files for kustomize: for each language a Deployment and its scaler.
//!
//! In: what plugins say of their languages. Out: text. Everything that is no language's own stands in `k8s/`, written by
//! hand; this room knows no cluster and asks nobody.

mod queue;

use std::collections::BTreeMap;

use optimus_core::language::Descriptor;
use optimus_core::{Fault, Limits};
use optimus_wasm::machine_image;

pub use self::queue::QueueKind;

const WORKER: &str = include_str!("k8s/worker.yaml");
const SHARED: &str = include_str!("k8s/shared.yaml");
/// The first words of every file that is rendered.
pub const RENDERED: &str = "# Rendered by `optimus k8s render`";
/// Which languages there are.
pub const LANGUAGES: &str = "languages.yaml";
/// The list of the files.
pub const KUSTOMIZATION: &str = "kustomization.yaml";

/// Sizes of workers, the registry of images, and the place of the queue.
#[derive(Debug, Clone)]
pub struct Sizes {
    /// Jobs that a pod runs at the same time; KEDA scales by this number.
    pub slots: u16,
    /// Never more pods of a language.
    pub max_replicas: u16,
    /// In front of the names of images.
    pub registry: Option<String>,
    /// Where the queue is.
    pub queue: QueueKind,
}

/// A language to be rendered, and its plugin's file in the service's image.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The description in its plugin.
    pub descriptor: Descriptor,
    /// Its plugin's file.
    pub file: String,
}

/// The worker itself: the plugin's code, compiled programs that are kept, what is on its way.
const WORKER_MIB: u64 = 512;
/// Between the end of the worker's grace and the kubelet's patience: last words to the queue.
const LAST_WORDS_S: u64 = 30;

/// Every file by its name.
///
/// # Errors
/// Two languages whose names are the same in a cluster.
pub fn render(subjects: &[Subject], sizes: &Sizes) -> Result<BTreeMap<String, String>, Fault> {
    let mut files = BTreeMap::new();
    for subject in subjects {
        let name = cluster_name(&subject.descriptor.id);
        if files.insert(format!("{name}.yaml"), worker(subject, &name, sizes)).is_some() {
            let message = format!("`{}` and another language are both `{name}` in a cluster", subject.descriptor.id);
            return Err(Fault::new("same_name", message).hint("leave one out with `--languages`"));
        }
    }
    let ids: Vec<&str> = subjects.iter().map(|subject| subject.descriptor.id.as_str()).collect();
    let parts = files.keys().map(|file| format!("- {file}\n")).collect::<String>();
    files.insert("shared.yaml".to_owned(), sizes.queue.fill(SHARED));
    files.insert(LANGUAGES.to_owned(), languages(&ids));
    let head = format!("{RENDERED}.\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n");
    files.insert(KUSTOMIZATION.to_owned(), format!("{head}resources:\n- shared.yaml\n- {LANGUAGES}\n{parts}"));
    Ok(files)
}

/// The ids in a file that [`render`] made of them.
pub fn rendered_languages(text: &str) -> Option<Vec<String>> {
    let list = text.lines().find_map(|line| line.trim().strip_prefix("languages: "))?;
    let ids = list.trim_matches('"').split(',').filter(|id| !id.is_empty());
    Some(ids.map(str::to_owned).collect())
}

/// The API offers these and no others, also while no worker runs.
fn languages(ids: &[&str]) -> String {
    let head =
        format!("{RENDERED}: what the API offers is what there are workers for.\napiVersion: v1\nkind: ConfigMap\n");
    format!(
        "{head}metadata: {{name: optimus-languages, namespace: optimus}}\ndata:\n  languages: \"{}\"\n",
        ids.join(",")
    )
}

fn worker(subject: &Subject, name: &str, sizes: &Sizes) -> String {
    let Subject { descriptor, file } = subject;
    let slots = u64::from(sizes.slots);
    let image = descriptor.images.first().and_then(|image| machine_image(image)).unwrap_or_default();
    let image = sizes.registry.as_ref().map_or_else(|| image.to_owned(), |registry| format!("{registry}/{image}"));
    let values: [(&str, String); 10] = [
        ("name", name.to_owned()),
        ("file", file.clone()),
        ("image", image),
        ("slots", slots.to_string()),
        ("cpus", slots.to_string()),
        ("memory_mib", (WORKER_MIB + slots * slot_mib(descriptor)).to_string()),
        ("max_replicas", sizes.max_replicas.to_string()),
        ("grace_s", grace_s().to_string()),
        ("termination_s", (grace_s() + LAST_WORDS_S).to_string()),
        // At the end: the stream has it in braces, and a language may be called `image`.
        ("id", descriptor.id.clone()),
    ];
    values.iter().fold(sizes.queue.fill(WORKER), |text, (key, value)| text.replace(&format!("{{{key}}}"), value))
}

/// The memory of one job: a build, or a test with the default limit.
fn slot_mib(language: &Descriptor) -> u64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "far below 2^52, and above 0"
    )]
    let usual = (Limits::DEFAULT.memory_bytes as f64 * language.memory_multiplier) as u64;
    let least = language.minimum.memory_bytes.unwrap_or_default();
    usual.max(least).clamp(Limits::COMPILE.memory_bytes, Limits::CAP.memory_bytes).div_ceil(1 << 20)
}

/// One build and the longest test that anybody may ask for. A job of many such tests is given back and judged elsewhere.
fn grace_s() -> u64 {
    (Limits::COMPILE.wall_ms + Limits::CAP.wall_ms).div_ceil(1_000)
}

/// An id as objects in a cluster may be named: `c++` is `cpp`, `f#` is `fsharp`.
fn cluster_name(id: &str) -> String {
    let name = id.replace('+', "p").replace('#', "sharp").replace('_', "-");
    name.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests;
