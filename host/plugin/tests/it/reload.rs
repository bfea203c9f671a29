//! A directory that changes under a running host, and a cache that is not what it was.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use optimus_plugin::{Catalogue, Consent, PluginError, PluginState};
use serde_json::json;

use crate::puppet::{Place, request, wasm};

fn version(version: &str) -> Option<Vec<u8>> {
    wasm(&json!({"descriptor": {"version": version}}))
}

fn serving(catalogue: &Catalogue) -> Option<String> {
    catalogue.current().get("toy").map(|plugin| plugin.descriptor().version.clone())
}

fn states(catalogue: &Catalogue) -> Vec<(String, PluginState)> {
    catalogue.statuses().into_iter().map(|status| (status.file, status.state)).collect()
}

#[tokio::test]
async fn a_new_file_replaces_the_old_one_and_a_running_job_keeps_its_own() {
    let (Some(one), Some(two)) = (version("1"), version("2")) else { return };
    let place = Place::new();
    place.put("toy.wasm", &one);
    let catalogue = place.open();
    let pinned = catalogue.current().get("t").expect("an alias is a name");
    let generation = catalogue.generation();
    assert!(!catalogue.rescan().unwrap(), "nothing changed");
    place.put("toy.wasm", &two);
    assert!(catalogue.rescan().unwrap());
    assert_eq!(serving(&catalogue).as_deref(), Some("2"));
    assert_eq!(catalogue.generation(), generation + 1);
    assert_eq!(pinned.descriptor().version, "1");
    pinned.plan(&request()).await.unwrap();
}

#[test]
fn a_bad_file_leaves_the_last_good_one_also_across_a_restart() {
    let Some(one) = version("1") else { return };
    let place = Place::new();
    place.put("toy.wasm", &one);
    let catalogue = place.open();
    place.put("toy.wasm", &one[..one.len() / 2]);
    assert!(catalogue.rescan().unwrap());
    for catalogue in [catalogue, place.open()] {
        assert_eq!(serving(&catalogue).as_deref(), Some("1"));
        let status = catalogue.statuses().remove(0);
        assert_eq!(status.state, PluginState::Degraded);
        assert_eq!(status.version.as_deref(), Some("1"));
        let error = status.error.expect("it says why");
        assert!(error.message.contains("`toy.wasm`: is cut off") && error.hint.is_some(), "{error:?}");
    }
    place.put("toy.wasm", &one);
    assert_eq!(states(&place.open()), [("toy.wasm".to_owned(), PluginState::Active)]);
}

#[test]
fn a_bad_file_among_good_ones_is_a_status() {
    let Some(one) = version("1") else { return };
    let place = Place::new();
    place.put("toy.wasm", &one);
    place.put("bad.wasm", b"nonsense");
    std::fs::write(place.path("README.md"), "not a plugin").unwrap();
    std::fs::write(place.path("native.cwasm"), "\x7fELF").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", place.path("link.wasm")).unwrap();
    let catalogue = place.open();
    assert_eq!(serving(&catalogue).as_deref(), Some("1"));
    let rejected = |file: &str| (file.to_owned(), PluginState::Rejected);
    let active = ("toy.wasm".to_owned(), PluginState::Active);
    assert_eq!(states(&catalogue), [rejected("bad.wasm"), rejected("link.wasm"), rejected("native.cwasm"), active]);
    assert!(!catalogue.rescan().unwrap(), "bad files are not read again and again");
}

#[test]
fn a_renamed_file_keeps_serving_and_a_removed_one_stops() {
    let Some(one) = version("1") else { return };
    let place = Place::new();
    place.put("a.wasm", &one);
    let catalogue = place.open();
    let before = catalogue.current().get("toy").unwrap();
    std::fs::rename(place.path("a.wasm"), place.path("b.wasm")).unwrap();
    assert!(catalogue.rescan().unwrap());
    assert!(Arc::ptr_eq(&before, &catalogue.current().get("toy").unwrap()), "the same bytes are not loaded again");
    assert_eq!(states(&catalogue), [("b.wasm".to_owned(), PluginState::Active)]);
    std::fs::remove_file(place.path("b.wasm")).unwrap();
    assert!(catalogue.rescan().unwrap());
    assert!(catalogue.current().is_empty() && catalogue.statuses().is_empty());
    // What was removed on purpose does not come back from the dead.
    place.put("b.wasm", b"nonsense");
    assert!(place.open().current().is_empty());
}

#[test]
fn who_came_first_keeps_a_contested_language() {
    let (Some(one), Some(two)) = (version("1"), version("2")) else { return };
    let Some(cousin) = wasm(&json!({"descriptor": {"id": "t", "aliases": ["toy", "other"]}})) else { return };
    let place = Place::new();
    place.put("m.wasm", &one);
    let catalogue = place.open();
    place.put("a.wasm", &two);
    place.put("cousin.wasm", &cousin);
    catalogue.rescan().unwrap();
    assert_eq!(serving(&catalogue).as_deref(), Some("1"));
    let statuses = catalogue.statuses();
    assert_eq!(statuses[0].state, PluginState::Rejected);
    let error = statuses[0].error.as_ref().unwrap();
    assert_eq!(error.message, "`a.wasm`: language `toy` is already provided by `m.wasm`");
    // An id counts for more than an alias.
    assert_eq!(catalogue.current().get("t").unwrap().descriptor().id, "t");
    assert_eq!(catalogue.current().get("other").unwrap().descriptor().id, "t");
    assert!(statuses[1].notes.iter().any(|note| note == "alias `toy` belongs to language `toy`"), "{statuses:?}");
    std::fs::remove_file(place.path("m.wasm")).unwrap();
    catalogue.rescan().unwrap();
    assert_eq!(serving(&catalogue).as_deref(), Some("2"));
}

#[test]
fn a_watched_directory_needs_no_asking() {
    let Some(one) = version("1") else { return };
    let mut place = Place::new();
    place.config.watch_interval = Duration::from_millis(20);
    let catalogue = place.open();
    let guard = catalogue.watch().unwrap();
    place.put("toy.wasm", &one);
    wait_for(|| serving(&catalogue).is_some());
    std::fs::remove_file(place.path("toy.wasm")).unwrap();
    wait_for(|| serving(&catalogue).is_none());
    drop(guard);
}

fn wait_for(condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(60), "it never came about");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Kubernetes updates a mounted ConfigMap by swapping the link to the directory; the file's own link is not touched.
#[test]
fn a_link_that_leads_elsewhere_is_a_new_file() {
    use std::os::unix::fs::symlink;
    let (Some(one), Some(two)) = (version("1"), version("2")) else { return };
    let place = Place::new();
    for (dir, wasm) in [("..one", one), ("..two", two)] {
        std::fs::create_dir(place.path(dir)).unwrap();
        std::fs::write(place.path(dir).join("toy.wasm"), wasm).unwrap();
    }
    symlink("..one", place.path("..data")).unwrap();
    symlink("..data/toy.wasm", place.path("toy.wasm")).unwrap();
    let catalogue = place.open();
    assert_eq!(serving(&catalogue).as_deref(), Some("1"));
    symlink("..two", place.path("..next")).unwrap();
    std::fs::rename(place.path("..next"), place.path("..data")).unwrap();
    assert!(catalogue.rescan().unwrap());
    assert_eq!(serving(&catalogue).as_deref(), Some("2"));
}

#[test]
fn a_directory_that_is_gone_is_an_error_and_takes_nothing_with_it() {
    let Some(one) = version("1") else { return };
    let place = Place::new();
    place.put("toy.wasm", &one);
    let catalogue = place.open();
    std::fs::rename(&place.config.dir, place.dir.path().join("elsewhere")).unwrap();
    let error = catalogue.rescan().unwrap_err();
    assert!(matches!(error, PluginError::Directory { what: "plugin", .. }), "{error}");
    assert!(error.hint().is_some());
    assert_eq!(serving(&catalogue).as_deref(), Some("1"));
}

/// Files of machine code in the cache, without the engine's book-keeping.
fn code(place: &Place) -> Vec<PathBuf> {
    let modules = place.config.cache_dir.join("code/modules");
    let engines = std::fs::read_dir(modules).unwrap();
    let files = engines.flat_map(|engine| std::fs::read_dir(engine.unwrap().path()).unwrap());
    files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_none()).collect()
}

#[tokio::test]
async fn code_is_compiled_once_and_damaged_code_is_never_run() {
    let Some(one) = version("1") else { return };
    let place = Place::new();
    place.put("toy.wasm", &one);
    place.open();
    let [file] = &code(&place)[..] else { panic!("one plugin, one file") };
    let good = std::fs::read(file).unwrap();
    let written = std::fs::metadata(file).unwrap().modified().unwrap();
    place.open().current().get("toy").unwrap().plan(&request()).await.unwrap();
    assert_eq!(std::fs::metadata(file).unwrap().modified().unwrap(), written, "taken from the cache");

    let mut flipped = good.clone();
    for byte in flipped.iter_mut().skip(good.len() / 2).take(64) {
        *byte ^= 0xff;
    }
    for damaged in [flipped, good[..good.len() / 2].to_vec(), Vec::new()] {
        std::fs::write(file, damaged).unwrap();
        place.open().current().get("toy").unwrap().plan(&request()).await.unwrap();
        assert_eq!(std::fs::read(file).unwrap(), good, "compiled again");
    }
    // Code that somebody slipped in has no seal.
    let seals = place.config.cache_dir.join("seals");
    std::fs::remove_dir_all(&seals).unwrap();
    std::fs::write(file, b"anything").unwrap();
    place.open().current().get("toy").unwrap().plan(&request()).await.unwrap();
    assert_eq!(std::fs::read(file).unwrap(), good);
}

#[test]
fn the_cache_is_ours_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    std::fs::create_dir(&place.config.cache_dir).unwrap();
    std::fs::set_permissions(&place.config.cache_dir, std::fs::Permissions::from_mode(0o777)).unwrap();
    place.open();
    let mode = std::fs::metadata(&place.config.cache_dir).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_name_that_is_nearly_right_is_suggested() {
    let Some(one) = version("1") else { return };
    let place = Place::new();
    place.put("toy.wasm", &one);
    let languages = place.open().current();
    assert_eq!(languages.nearest("tyo"), Some("toy"));
    assert_eq!(languages.nearest("something else"), None);
    assert_eq!(languages.by_extension("toy").len(), 1);
    assert!(languages.by_extension("c").is_empty());
}

#[test]
fn what_is_offered_serves_at_once_or_changes_nothing() {
    let (Some(one), Some(two)) = (version("1"), version("2")) else { return };
    let place = Place::new();
    let catalogue = place.open();
    let status = catalogue.install("toy", &one, &Consent::default()).unwrap();
    assert_eq!((status.file.as_str(), status.state), ("toy.wasm", PluginState::Active));
    // In place of the file that serves, whatever it is called.
    std::fs::rename(place.path("toy.wasm"), place.path("mine.wasm")).unwrap();
    catalogue.rescan().unwrap();
    assert_eq!(catalogue.install("toy", &two, &Consent::default()).unwrap().file, "mine.wasm");
    assert_eq!(serving(&catalogue).as_deref(), Some("2"));
    for (id, wasm, words) in [
        ("toy", &one[..one.len() / 2], "is cut off"),
        ("../toy", &one[..], "is the plugin of `toy`, not of `../toy`"),
        ("other", &one[..], "is the plugin of `toy`, not of `other`"),
    ] {
        let refused = catalogue.install(id, wasm, &Consent::default()).unwrap_err();
        assert!(refused.to_string().contains(words) && refused.hint().is_some(), "{refused}");
    }
    assert_eq!(serving(&catalogue).as_deref(), Some("2"));
    let mut names: Vec<_> =
        std::fs::read_dir(&place.config.dir).unwrap().map(|file| file.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".before", "mine.wasm"]);
    assert_eq!(std::fs::read_dir(place.dir.path()).unwrap().count(), 2, "the plugins and the cache");
}
