"""The part of kustomize that k8s/ uses: resources, components, patches of both kinds, generators, images.

For machines without a kustomize that has components. Where there is one, `cargo xtask k8s` holds this one's output
against it, so what is built here is what is applied there. Usage: kustomize.py DIRECTORY
"""

import copy
import pathlib
import sys

import yaml

# What makes an item of a list the same item.
KEYS = {"containers": "name", "initContainers": "name", "env": "name", "volumes": "name", "ports": "containerPort", "volumeMounts": "mountPath"}
KNOWN = {"apiVersion", "kind", "resources", "components", "patches", "configMapGenerator", "secretGenerator", "images", "sortOptions"}


def build(directory, docs):
    base = pathlib.Path(directory)
    said = yaml.safe_load((base / "kustomization.yaml").read_text())
    unknown = set(said) - KNOWN
    if unknown:
        sys.exit(f"{base}: this part of kustomize does not know {sorted(unknown)}")
    for path in said.get("resources", []):
        if (base / path).is_dir():
            docs += build(base / path, [])
        else:
            docs += [d for d in yaml.safe_load_all((base / path).read_text()) if d]
    for kind, key in (("ConfigMap", "configMapGenerator"), ("Secret", "secretGenerator")):
        docs += [generated(base, kind, g) for g in said.get(key, [])]
    for path in said.get("components", []):
        docs = build(base / path, docs)
    for patch in said.get("patches", []):
        docs = [patched(d, patch) if matches(d, patch["target"]) else d for d in docs]
        docs = [d for d in docs if d]
    for image in said.get("images", []):
        for doc in docs:
            renamed(doc, image)
    first = said.get("sortOptions", {}).get("legacySortOptions", {}).get("orderFirst", [])
    return sorted(docs, key=lambda doc: first.index(doc["kind"]) if doc["kind"] in first else len(first))


def generated(base, kind, g):
    options = g.get("options", {})
    if not options.get("disableNameSuffixHash"):
        sys.exit(f"{g['name']}: this part of kustomize makes no hashes")
    data = dict(item.split("=", 1) for item in g.get("literals", []))
    data.update({pathlib.Path(f).name: (base / f).read_text() for f in g.get("files", [])})
    meta = {"name": g["name"], "namespace": g["namespace"]}
    meta.update({k: options[k] for k in ("labels", "annotations") if k in options})
    doc = {"apiVersion": "v1", "kind": kind, "metadata": meta}
    if kind == "ConfigMap":
        return {**doc, "data": data}
    import base64

    return {**doc, "type": "Opaque", "data": {k: base64.b64encode(v.encode()).decode() for k, v in data.items()}}


def matches(doc, target):
    if doc["kind"] != target.get("kind", doc["kind"]) or doc["metadata"]["name"] != target.get("name", doc["metadata"]["name"]):
        return False
    labels = doc["metadata"].get("labels", {})
    wanted = [pair.split("=") for pair in target.get("labelSelector", "").split(",") if pair]
    return all(labels.get(k) == v for k, v in wanted)


def patched(doc, patch):
    said = yaml.safe_load(patch["patch"])
    doc = copy.deepcopy(doc)
    if isinstance(said, dict):
        if said.get("$patch") == "delete":
            return None
        said = {k: v for k, v in said.items() if k != "metadata"}
        return merged(doc, said)
    for op in said:
        *way, last = [p.replace("~1", "/").replace("~0", "~") for p in op["path"].split("/")[1:]]
        place = doc
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        if op["op"] == "add" and isinstance(place, list):
            place.append(op["value"]) if last == "-" else place.insert(int(last), op["value"])
        elif op["op"] in ("add", "replace"):
            place[int(last) if isinstance(place, list) else last] = op["value"]
        elif op["op"] == "remove":
            del place[int(last) if isinstance(place, list) else last]
        else:
            sys.exit(f"this part of kustomize does not know `{op['op']}`")
    return doc


def merged(old, new, field=None):
    if isinstance(old, dict) and isinstance(new, dict):
        both = {**old, **{k: merged(old[k], v, k) if k in old else cleaned(v) for k, v in new.items()}}
        return {k: v for k, v in both.items() if v is not None}
    if isinstance(old, list) and isinstance(new, list) and field in KEYS:
        key, out = KEYS[field], list(old)
        fresh = []
        for item in new:
            at = next((i for i, o in enumerate(out) if o.get(key) == item[key]), None)
            if item.get("$patch") == "delete":
                out = [o for o in out if o.get(key) != item[key]]
            elif at is None:
                fresh.append(item)
            else:
                out[at] = merged(out[at], item)
        return fresh + out
    return new


def cleaned(value):
    if isinstance(value, list):
        return [v for v in value if not (isinstance(v, dict) and v.get("$patch") == "delete")]
    return value


def renamed(doc, image):
    if isinstance(doc, dict):
        for containers in (doc.get("containers", []), doc.get("initContainers", [])):
            for container in containers:
                name, _, _ = container.get("image", "").partition(":")
                if name == image["name"]:
                    container["image"] = f"{image.get('newName', name)}:{image['newTag']}"
        for value in doc.values():
            renamed(value, image)
    elif isinstance(doc, list):
        for value in doc:
            renamed(value, image)


if __name__ == "__main__":
    yaml.safe_dump_all(build(sys.argv[1], []), sys.stdout, sort_keys=False)
