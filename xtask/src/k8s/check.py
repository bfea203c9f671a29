"""Looks at manifests as a cluster would, and at what a cluster does not look at. Prints what is wrong, one line each.

Usage: check.py manifests KUBERNETES_VERSION FILE...   everything below; exit code 1 when anything is wrong
       check.py json FILE...                           the objects, as one JSON list
       check.py sorted FILE                            the same, in an order that does not depend on who built them
       check.py rules FILE OUT                         the groups of a PrometheusRule as promtool reads them
"""

import json
import pathlib
import sys

import yaml

HERE = pathlib.Path(__file__).parent
KNOWN = {}
PODS = {"Deployment", "StatefulSet", "CronJob"}


def load(paths):
    return [d for p in paths for d in yaml.safe_load_all(pathlib.Path(p).read_text()) if d]


def name(doc):
    meta = doc["metadata"]
    return f"{doc['kind']} {meta.get('namespace', '-')}/{meta['name']}"


def schemas(docs, version):
    """Built-in kinds by Kubernetes' own schemas, without leave for fields that it does not know; others by ours."""
    import jsonschema
    import kubernetes_validate

    ours = json.loads((HERE / "schemas.json").read_text())

    def wrong(doc):
        if doc["kind"] in ours:
            found = jsonschema.Draft202012Validator(ours[doc["kind"]]).iter_errors(doc["spec"])
            return [f"{name(doc)}: {'.'.join(map(str, e.absolute_path))}: {e.message}" for e in found]
        try:
            kubernetes_validate.validate(doc, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            return [f"{name(doc)}: {'.'.join(map(str, error.path))}: {error.message}"]
        except (kubernetes_validate.SchemaNotFoundError, kubernetes_validate.InvalidSchemaError):
            return [f"{name(doc)}: no schema for {doc['apiVersion']} {doc['kind']}"]
        return []

    for doc in docs:
        text = json.dumps(doc, sort_keys=True)
        # Most objects are the same in every file, and a schema takes its time to load.
        if text not in KNOWN:
            KNOWN[text] = wrong(doc)
        yield from KNOWN[text]


def template(doc):
    spec = doc["spec"]["jobTemplate"]["spec"] if doc["kind"] == "CronJob" else doc["spec"]
    return spec["template"]


def containers(pod):
    """Those that live as long as the pod: the main one, and sidecars."""
    return pod["containers"] + [c for c in pod.get("initContainers", []) if c.get("restartPolicy") == "Always"]


def env(container):
    return {e["name"]: e for e in container.get("env", [])}


def selects(selector, labels):
    return all(labels.get(k) == v for k, v in selector.items())


def pods(docs):
    return [(doc, template(doc)) for doc in docs if doc["kind"] in PODS]


def hardened(docs):
    """What must hold of every pod, whatever it is for."""
    for doc, made in pods(docs):
        pod = made["spec"]
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{name(doc)}: has a token that it has no use for"
        if pod.get("enableServiceLinks") is not False:
            yield f"{name(doc)}: is told of every service"
        if pod.get("serviceAccountName", "default") == "default":
            yield f"{name(doc)}: shares an account"
        for container in pod["containers"] + pod.get("initContainers", []):
            where = f"{name(doc)}: {container['name']}"
            security = {**pod.get("securityContext", {}), **container.get("securityContext", {})}
            if not security.get("privileged"):
                if not security.get("runAsNonRoot") or not security.get("runAsUser"):
                    yield f"{where}: may be root"
                if security.get("allowPrivilegeEscalation") is not False:
                    yield f"{where}: may gain privileges"
                if security.get("readOnlyRootFilesystem") is not True:
                    yield f"{where}: may write its image"
                if security.get("capabilities", {}).get("drop") != ["ALL"] or security["capabilities"].get("add"):
                    yield f"{where}: has capabilities"
                if "seccompProfile" not in security:
                    yield f"{where}: has no seccomp profile"
            resources = container.get("resources", {})
            if "memory" not in resources.get("limits", {}) or "cpu" not in resources.get("requests", {}):
                yield f"{where}: says not what it needs"
        for container in pod["containers"] if doc["kind"] != "CronJob" else []:
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                if probe not in container:
                    yield f"{name(doc)}: {container['name']} has no {probe}"


def joined(docs):
    """Names that have to be somebody's: ports, secrets, accounts, what is scaled and what is selected."""
    by = {(d["kind"], d["metadata"].get("namespace"), d["metadata"]["name"]): d for d in docs}
    namespaces = {d["metadata"]["name"] for d in docs if d["kind"] == "Namespace"}
    for doc in docs:
        space = doc["metadata"].get("namespace")
        if space and space not in namespaces:
            yield f"{name(doc)}: nobody makes the namespace"
        spec = doc.get("spec", {})
        if doc["kind"] in PODS:
            pod = template(doc)["spec"]
            if ("ServiceAccount", space, pod["serviceAccountName"]) not in by:
                yield f"{name(doc)}: nobody makes the account"
            for container in containers(pod):
                ports = {p["name"] for p in container.get("ports", [])}
                for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                    asked = container.get(probe, {})
                    port = asked.get("httpGet", asked.get("tcpSocket", {})).get("port")
                    if port and port not in ports:
                        yield f"{name(doc)}: {probe} asks at `{port}`, which is no port"
                for variable in container.get("env", []):
                    source = variable.get("valueFrom", {}).get("configMapKeyRef")
                    if source and source["key"] not in by.get(("ConfigMap", space, source["name"]), {}).get("data", {}):
                        yield f"{name(doc)}: {variable['name']} comes from nowhere"
        targets = {"Service": "selector", "PodDisruptionBudget": "selector"}
        if doc["kind"] in targets:
            selector = spec["selector"].get("matchLabels", spec["selector"])
            hit = [m for d, m in pods(docs) if d["metadata"].get("namespace") == space and selects(selector, m["metadata"]["labels"])]
            if not hit:
                yield f"{name(doc)}: selects nothing"
            for port in spec.get("ports", []):
                if not any(p["name"] == port["targetPort"] for m in hit for c in containers(m["spec"]) for p in c.get("ports", [])):
                    yield f"{name(doc)}: leads to `{port['targetPort']}`, which is no port"
        if doc["kind"] in ("ServiceMonitor", "PodMonitor"):
            kind, key = ("Service", "endpoints") if doc["kind"] == "ServiceMonitor" else (None, "podMetricsEndpoints")
            for end in spec[key]:
                if kind:
                    there = [p["name"] for d in docs if d["kind"] == kind and selects(spec["selector"]["matchLabels"], d["metadata"].get("labels", {})) for p in d["spec"]["ports"]]
                else:
                    there = [p["name"] for _, m in pods(docs) if selects(spec["selector"]["matchLabels"], m["metadata"]["labels"]) for c in containers(m["spec"]) for p in c.get("ports", [])]
                if end["port"] not in there:
                    yield f"{name(doc)}: reads `{end['port']}`, which is no port"
        if doc["kind"] == "HorizontalPodAutoscaler" and ("Deployment", space, spec["scaleTargetRef"]["name"]) not in by:
            yield f"{name(doc)}: scales nothing"
        if doc["kind"] in ("Deployment", "StatefulSet"):
            if not selects(spec["selector"]["matchLabels"], spec["template"]["metadata"]["labels"]):
                yield f"{name(doc)}: does not select its own pods"
    yield from network(docs)


def network(docs):
    """Each namespace is closed but for what is said, and what has to speak may: KEDA to Redis, above all."""
    policies = [d for d in docs if d["kind"] == "NetworkPolicy"]
    labels = {d["metadata"]["name"]: {**d["metadata"].get("labels", {}), "kubernetes.io/metadata.name": d["metadata"]["name"]} for d in docs if d["kind"] == "Namespace"}

    def closed(space):
        return any(p["metadata"]["namespace"] == space and p["spec"]["podSelector"] == {} and {"Ingress", "Egress"} <= set(p["spec"]["policyTypes"]) and not p["spec"].get("ingress") and not p["spec"].get("egress") for p in policies)

    yield from (f"namespace {space}: is open" for space in labels if not closed(space))

    def peer(rule, space, other_space, other):
        for p in rule:
            if "ipBlock" in p:
                continue
            spaces = p.get("namespaceSelector")
            inside = other_space == space if spaces is None else selects(spaces.get("matchLabels", {}), labels.get(other_space, {"kubernetes.io/metadata.name": other_space}))
            if inside and selects(p.get("podSelector", {}).get("matchLabels", {}), other):
                return True
        return False

    def may(side, key, space, pod, other_space, other, port):
        rules = [r for p in policies if p["metadata"]["namespace"] == space and selects(p["spec"]["podSelector"].get("matchLabels", {}), pod) for r in p["spec"].get(side, [])]
        return any(any(q.get("port") in port for q in r.get("ports", [])) and (key not in r or peer(r[key], space, other_space, other)) for r in rules)

    app = lambda part: {"app.kubernetes.io/name": "optimus", "app.kubernetes.io/component": part}
    clients = (("optimus", "api"), ("optimus", "keys"), ("optimus-workers", "worker"))
    for space, part in clients:
        if not may("egress", "to", space, app(part), "kube-system", {}, (53,)):
            yield f"network: {part} cannot look names up"
    redis, port = app("redis"), ("redis", 6379)
    if any(selects(redis, template(d)["metadata"]["labels"]) for d, _ in pods(docs)):
        for space, part in clients:
            if not may("egress", "to", space, app(part), "optimus", redis, port):
                yield f"network: {part} may not call redis"
            if not may("ingress", "from", "optimus", redis, space, app(part), port):
                yield f"network: redis does not hear {part}"
        if not may("ingress", "from", "optimus", redis, "keda", {}, port):
            yield "network: redis does not hear KEDA, so nothing is ever scaled"
        if may("ingress", "from", "optimus", redis, "elsewhere", {}, port):
            yield "network: redis hears anybody"
    else:
        for space, part in clients:
            egress = [r for p in policies if p["metadata"]["namespace"] == space and selects(p["spec"]["podSelector"].get("matchLabels", {}), app(part)) for r in p["spec"].get("egress", [])]
            if not any(q.get("port") == 5432 for r in egress if any("ipBlock" in p for p in r.get("to", [])) for q in r.get("ports", [])):
                yield f"network: {part} may not call postgres"
            if any("redis" in json.dumps(r) for r in egress):
                yield f"network: {part} may call a redis that is not there"
    if not may("ingress", "from", "optimus", app("api"), "elsewhere", {}, ("http",)):
        yield "network: nobody reaches the API"


def admitted(docs):
    """What the API server warns of, or refuses for a moment: levels that differ, and a class that comes after its pods."""
    level = "pod-security.kubernetes.io/"
    for doc in (d for d in docs if d["kind"] == "Namespace"):
        labels = doc["metadata"].get("labels", {})
        if labels.get(level + "warn") != labels.get(level + "enforce"):
            yield f"{name(doc)}: enforces {labels.get(level + 'enforce')} and warns of {labels.get(level + 'warn')}"
    classes = [i for i, d in enumerate(docs) if d["kind"] == "RuntimeClass"]
    for i, doc in enumerate(docs):
        wanted = template(doc)["spec"].get("runtimeClassName") if doc["kind"] in PODS else None
        if wanted and not any(at < i and docs[at]["metadata"]["name"] == wanted for at in classes):
            yield f"{name(doc)}: nobody makes the runtime class {wanted} before it"


def scaled(docs):
    """A worker and what scales it have to agree."""
    by = {(d["kind"], d["metadata"].get("namespace"), d["metadata"]["name"]): d for d in docs}
    offered = next(d for d in docs if d["kind"] == "ConfigMap" and d["metadata"]["name"] == "optimus-languages")["data"]["languages"].split(",")
    seen = []
    for doc in (d for d in docs if d["kind"] == "ScaledObject"):
        space, spec = doc["metadata"]["namespace"], doc["spec"]
        target = by.get(("Deployment", space, spec["scaleTargetRef"]["name"]))
        if not target:
            yield f"{name(doc)}: scales nothing"
            continue
        pod = template(target)["spec"]
        worker = next(c for c in pod["containers"] if c["name"] == "worker")
        said = {k: e.get("value") for k, e in env(worker).items()}
        trigger = spec["triggers"][0]
        meta = trigger["metadata"]
        seen.append(said["OPTIMUS_LANGUAGES"])
        by_sql = trigger["type"] == "postgresql"
        jobs = meta.get("targetQueryValue" if by_sql else "streamLength")
        if jobs != said["OPTIMUS_SLOTS"]:
            yield f"{name(doc)}: asks for a pod for {jobs} jobs, which has {said['OPTIMUS_SLOTS']} slots"
        looks, language = meta.get("query" if by_sql else "stream"), said["OPTIMUS_LANGUAGES"]
        if looks != (f"SELECT optimus.outstanding('{language}')" if by_sql else f"optimus:{{{language}}}:q"):
            yield f"{name(doc)}: looks at {looks}"
        if meta.get("consumerGroup"):
            yield f"{name(doc)}: a group's lag is 0 while jobs run"
        if not by_sql and said["OPTIMUS_QUEUE"] != f"redis://{meta.get('address')}":
            yield f"{name(doc)}: asks another Redis than its workers"
        for variable in env(worker).values() if by_sql else []:
            if "REDIS" in variable["name"] or "redis" in (variable.get("value") or ""):
                yield f"{name(doc)}: asks PostgreSQL, and its workers Redis"
        if ("TriggerAuthentication", space, trigger["authenticationRef"]["name"]) not in by:
            yield f"{name(doc)}: has no way in"
        if "replicas" in target["spec"]:
            yield f"{name(target)}: each apply would undo what KEDA did"
        if pod["terminationGracePeriodSeconds"] < int(said["OPTIMUS_GRACE_S"]) + 15:
            yield f"{name(target)}: is killed before its own grace is over"
        if spec["minReplicaCount"] != 0 or spec["maxReplicaCount"] < 1:
            yield f"{name(doc)}: does not scale from zero"
    if sorted(seen) != sorted(offered):
        yield f"the API offers {offered}, and there are workers for {seen}"


def ordered(value, field=None):
    """Lists whose items have names mean the same in any order; kustomize puts new ones in front."""
    if isinstance(value, dict):
        return {k: ordered(v, k) for k, v in value.items()}
    if isinstance(value, list):
        items = [ordered(v) for v in value]
        named = field in ("env", "volumes", "volumeMounts", "containers", "initContainers", "ports")
        return sorted(items, key=lambda v: json.dumps(v, sort_keys=True)) if named else items
    return value


def main():
    verb, *rest = sys.argv[1:]
    if verb == "json":
        print(json.dumps(load(rest)))
        return 0
    if verb == "sorted":
        print(json.dumps(sorted((ordered(d) for d in load(rest)), key=name), indent=1, sort_keys=True))
        return 0
    if verb == "rules":
        pathlib.Path(rest[1]).write_text(yaml.safe_dump(load(rest[:1])[0]["spec"]))
        return 0
    version, *paths = rest
    wrong = 0
    for path in paths:
        docs = load([path])
        for line in [*schemas(docs, version), *hardened(docs), *joined(docs), *admitted(docs), *scaled(docs)]:
            wrong += 1
            print(f"{pathlib.Path(path).stem}: {line}")
        print(f"{pathlib.Path(path).stem}: {len(docs)} objects")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
