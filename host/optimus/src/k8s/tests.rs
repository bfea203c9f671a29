use super::*;
use optimus_core::limits::PartialLimits;

fn language(id: &str) -> Subject {
    let descriptor = Descriptor {
        id: id.to_owned(),
        name: id.to_uppercase(),
        version: "1".to_owned(),
        aliases: Vec::new(),
        extensions: vec!["x".to_owned()],
        commands: false,
        images: vec!["some/image:1".to_owned(), "other".to_owned()],
        probe: vec!["true".to_owned()],
        install_hint: String::new(),
        time_multiplier: 1.0,
        memory_multiplier: 1.0,
        minimum: PartialLimits::default(),
        options_schema: None,
        judge0_ids: Vec::new(),
        piston_names: Vec::new(),
        samples: Vec::new(),
    };
    Subject { descriptor, file: format!("{id}.wasm") }
}

fn sizes() -> Sizes {
    Sizes { slots: 3, max_replicas: 7, registry: None, queue: QueueKind::Redis }
}

#[test]
fn nothing_is_left_to_fill_in() {
    let files = render(&[language("red")], &sizes()).unwrap();
    let worker = &files["red.yaml"];
    assert!(worker.starts_with(RENDERED));
    for part in
        ["id", "name", "file", "image", "slots", "cpus", "memory_mib", "max_replicas", "grace_s", "termination_s"]
    {
        assert!(!worker.replace("optimus:{red}:q", "").contains(&format!("{{{part}}}")), "{part}");
    }
    for part in [
        "stream: \"optimus:{red}:q\"",
        "streamLength: \"3\"",
        "{name: OPTIMUS_SLOTS, value: \"3\"}",
        "image: some/image:1\n",
        "plugins/red.wasm",
        "maxReplicaCount: 7",
        "memory: 3584Mi",
        "terminationGracePeriodSeconds: 390",
    ] {
        assert!(worker.contains(part), "{part}\n{worker}");
    }
    assert!(files[KUSTOMIZATION].ends_with("- shared.yaml\n- languages.yaml\n- red.yaml\n"));
}

#[test]
fn a_language_that_needs_more_gets_more() {
    let mut red = language("red");
    red.descriptor.memory_multiplier = 8.0;
    assert!(render(&[red.clone()], &sizes()).unwrap()["red.yaml"].contains("memory: 6656Mi"));
    red.descriptor.minimum.memory_bytes = Some(3 << 30);
    assert!(render(&[red], &sizes()).unwrap()["red.yaml"].contains("memory: 9728Mi"));
}

#[test]
fn images_come_from_where_the_operator_says() {
    let sizes = Sizes { registry: Some("registry.example.com/judge".to_owned()), ..sizes() };
    let files = render(&[language("red")], &sizes).unwrap();
    assert!(files["red.yaml"].contains("image: registry.example.com/judge/some/image:1\n"));
}

#[test]
fn names_are_what_a_cluster_takes() {
    assert_eq!(cluster_name("c++"), "cpp");
    assert_eq!(cluster_name("f#"), "fsharp");
    assert_eq!(cluster_name("a_b_"), "a-b");
    let files = render(&[language("x#")], &sizes()).unwrap();
    assert!(files["xsharp.yaml"].contains("stream: \"optimus:{x#}:q\""), "the queue knows it by its id");
    assert_eq!(render(&[language("x++"), language("xpp")], &sizes()).unwrap_err().code, "same_name");
}

#[test]
fn the_languages_are_read_back() {
    let files = render(&[language("blue"), language("red")], &sizes()).unwrap();
    assert_eq!(rendered_languages(&files[LANGUAGES]), Some(vec!["blue".to_owned(), "red".to_owned()]));
    assert_eq!(rendered_languages("apiVersion: v1"), None);
}

#[test]
fn a_queue_in_postgres_is_asked_for_what_is_outstanding() {
    let files = render(&[language("c++")], &Sizes { queue: QueueKind::Postgres, ..sizes() }).unwrap();
    let worker = &files["cpp.yaml"];
    for part in [
        "type: postgresql",
        "query: \"SELECT optimus.outstanding('c++')\"",
        "targetQueryValue: \"3\"",
        "{name: OPTIMUS_QUEUE, valueFrom: {secretKeyRef: {name: optimus-postgres, key: url}}}",
    ] {
        assert!(worker.contains(part), "{part}\n{worker}");
    }
    assert!(files["shared.yaml"].contains("{parameter: connection, name: optimus-postgres, key: keda-connection}"));
    for text in files.values() {
        assert!(
            !text.to_lowercase().contains("redis") && !text.contains("{queue_") && !text.contains("{store}"),
            "{text}"
        );
    }
}
