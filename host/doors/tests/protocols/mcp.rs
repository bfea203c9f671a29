//! MCP: the two transports, and what a model reads.

use optimus_core::{Exit, Verdict};
use optimus_doors::{Door, mcp_on};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{Answer, House, echo, excerpt, failed_compile, report};

const ACCEPT: &str = "accept: application/json, text/event-stream";
const KIND: &str = "content-type: application/json";
const REVISION: &str = "mcp-protocol-version: 2025-06-18";

fn house() -> House {
    House::new(Door::Mcp, echo)
}

fn request(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
}

async fn ask(house: &House, method: &str, params: &Value) -> Answer {
    house.send("POST", "/mcp", &[ACCEPT, KIND, REVISION], request(method, params).to_string()).await
}

async fn call(house: &House, tool: &str, arguments: &Value) -> Value {
    let answer = ask(house, "tools/call", &json!({"name": tool, "arguments": arguments})).await.json();
    assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(7)), "{answer}");
    answer["result"].clone()
}

#[tokio::test]
async fn a_client_is_greeted_in_its_own_revision() {
    let client = json!({"name": "test", "version": "1"});
    for revision in ["2025-06-18", "2025-03-26", "2024-11-05"] {
        let params = json!({"protocolVersion": revision, "capabilities": {}, "clientInfo": client});
        let body = request("initialize", &params).to_string();
        let answer = house().send("POST", "/mcp", &[ACCEPT, KIND], body).await;
        let result = &answer.json()["result"];
        assert_eq!((answer.status, &result["protocolVersion"]), (200, &json!(revision)), "{result}");
        assert_eq!(result["serverInfo"]["name"], "optimus");
        assert!(result["capabilities"]["tools"].is_object() && result["capabilities"]["resources"].is_object());
    }
    let told = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
    assert_eq!(house().send("POST", "/", &[ACCEPT, KIND, REVISION], told).await.status, 202);
}

#[tokio::test]
async fn the_revision_without_a_handshake_is_spoken() {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let send = async |method: &str, params: &Value| {
        let headers = [ACCEPT, KIND, "mcp-protocol-version: 2026-07-28", &format!("mcp-method: {method}")];
        house().send("POST", "/mcp", &headers, request(method, params).to_string()).await.json()
    };
    let found = send("server/discover", &json!({"_meta": meta})).await;
    let versions = found["result"]["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!("2026-07-28")) && versions.contains(&json!("2025-06-18")), "{found}");
    let listed = send("tools/list", &json!({"_meta": meta})).await;
    assert_eq!(listed["result"]["resultType"], "complete", "{listed}");
}

#[tokio::test]
async fn tools_are_listed_with_their_arguments() {
    let listed = ask(&house(), "tools/list", &json!({})).await.json();
    let tools = listed["result"]["tools"].as_array().unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["run_code", "run_tests", "judge_problem", "list_languages"]);
    for tool in tools {
        assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
        assert_eq!(tool["annotations"]["openWorldHint"], false, "{tool}");
    }
}

#[tokio::test]
async fn a_program_that_fails_is_a_result() {
    let house = House::new(Door::Mcp, |job| {
        Some(report(job, Verdict::RuntimeError, |test| {
            test.exit = Some(Exit::Code(3));
            test.stderr = excerpt(b"no\n");
        }))
    });
    let result = call(&house, "run_code", &json!({"language": "toy", "code": "x", "stdin": "1"})).await;
    assert_eq!(result["isError"], false, "{result}");
    let shown = &result["structuredContent"];
    assert_eq!((&shown["verdict"], &shown["exit_code"]), (&json!("runtime_error"), &json!(3)), "{shown}");
    assert_eq!((&shown["stderr"], &shown["timed_out"]), (&json!("no\n"), &json!(false)), "{shown}");
    let text = result["content"][0]["text"].as_str().unwrap();
    assert_eq!(&serde_json::from_str::<Value>(text).unwrap(), shown);
}

#[tokio::test]
async fn limits_of_a_run_hold_for_both_clocks() {
    let house = house();
    let arguments =
        json!({"language": "toy", "code": "x", "stdin": "in", "args": ["a"], "timeout_ms": 1500, "memory_mb": 64});
    let result = call(&house, "run_code", &arguments).await;
    assert_eq!(result["structuredContent"]["stdout"], "in", "{result}");
    let job = house.job();
    assert_eq!((job.limits.cpu_ms, job.limits.wall_ms, job.limits.memory_bytes), (1_500, 1_500, 64 << 20));
    assert!(job.exact_limits && job.args == ["a"]);
}

#[tokio::test]
async fn a_program_that_does_not_compile_says_why() {
    let house = House::new(Door::Mcp, |job| {
        let mut report = report(job, Verdict::CompileError, |_| {});
        report.compile = Some(failed_compile(None));
        Some(report)
    });
    let result = call(&house, "run_code", &json!({"language": "built", "code": "x"})).await;
    let shown = &result["structuredContent"];
    assert_eq!((&shown["verdict"], &shown["compile_output"]), (&json!("compile_error"), &json!("x.c:1: error\n")));
    assert!(shown.get("stdout").is_none(), "{shown}");
}

#[tokio::test]
async fn each_test_has_a_verdict() {
    let house = House::new(Door::Mcp, |job| {
        let mut report = report(job, Verdict::WrongAnswer, |_| {});
        report.tests[0].verdict = Verdict::Accepted;
        Some(report)
    });
    let tests = json!([{"stdin": "1", "expected_output": "1"}, {"name": "two", "stdin": "2", "expected_output": "3"}]);
    let result =
        call(&house, "run_tests", &json!({"language": "toy", "code": "x", "tests": tests, "compare": "tokens"})).await;
    let shown = &result["structuredContent"];
    assert_eq!((&shown["verdict"], &shown["passed"], &shown["total"]), (&json!("wrong_answer"), &json!(1), &json!(2)));
    assert_eq!(shown["tests"][1]["verdict"], "wrong_answer", "{shown}");
    let job = house.job();
    assert_eq!(job.tests[1].expect.as_ref().unwrap().as_bytes(), b"3");
    assert_eq!(job.tests[1].name.as_deref(), Some("two"));
}

#[tokio::test]
async fn what_a_model_gets_wrong_is_told_to_the_model() {
    let program = |more: Value| {
        let mut arguments = json!({"language": "toy", "code": "x"});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    for (tool, arguments, word) in [
        ("run_code", json!({"code": "x"}), "language"),
        ("run_code", program(json!({"timeout": 3})), "timeout"),
        ("run_code", program(json!({"timeout_ms": "soon"})), "soon"),
        ("run_code", program(json!({"timeout_ms": 0})), "wall_ms"),
        ("run_code", program(json!({"files": [{"path": "a", "content": ""}]})), "source"),
        ("run_code", json!({"language": "toy", "files": [{"path": "../a", "content": ""}]}), "files[0].path"),
        ("run_tests", program(json!({})), "tests"),
        ("run_tests", program(json!({"tests": [{"expect": "1"}]})), "expect"),
        ("judge_problem", program(json!({})), "problem"),
        ("judge_problem", program(json!({"problem": "sum"})), "problem"),
    ] {
        let result = call(&house(), tool, &arguments).await;
        let text = result["content"][0]["text"].as_str().unwrap_or_default();
        assert!(result["isError"] == true && text.contains(word), "{tool} {arguments}: {result}");
    }
}

#[tokio::test]
async fn our_own_failure_is_an_error() {
    let house = House::new(Door::Mcp, |job| Some(report(job, Verdict::InternalError, |_| {})));
    let result = call(&house, "run_code", &json!({"language": "toy", "code": "x"})).await;
    assert!(result["isError"] == true && result.get("structuredContent").is_none(), "{result}");
}

#[tokio::test]
async fn a_program_without_an_end_is_cancelled() {
    let house = House::new(Door::Mcp, |_| None);
    let result = call(&house, "run_code", &json!({"language": "toy", "code": "x"})).await;
    assert!(result["isError"] == true && house.jobs() == 0, "{result}");
}

#[tokio::test]
async fn an_unknown_tool_is_an_error_of_the_protocol() {
    for (method, params, code) in [
        ("tools/call", json!({"name": "rm", "arguments": {}}), -32_602),
        ("resources/read", json!({"uri": "file:///etc/passwd"}), -32_002),
        ("resources/read", json!({"uri": "optimus://reports/0197b5c2-0000-7000-8000-000000000000"}), -32_002),
        ("prompts/get", json!({"name": "x"}), -32_601),
    ] {
        let answer = ask(&house(), method, &params).await.json();
        assert_eq!(answer["error"]["code"], code, "{method}: {answer}");
    }
}

#[tokio::test]
async fn languages_and_reports_can_be_read() {
    let house = house();
    let listed = call(&house, "list_languages", &json!({})).await;
    let languages = listed["structuredContent"]["languages"].as_array().unwrap();
    let toy = languages.iter().find(|language| language["id"] == "toy").unwrap();
    assert_eq!((&toy["available"], &toy["version"]), (&json!(true), &json!("Toy 3.11.2")), "{toy}");
    let gone = languages.iter().find(|language| language["id"] == "gone").unwrap();
    assert_eq!((&gone["available"], &gone["reason"]), (&json!(false), &json!("no such program")), "{gone}");

    let ran = call(&house, "run_code", &json!({"language": "toy", "code": "x"})).await;
    let uri = ran["structuredContent"]["report"].as_str().unwrap();
    let listed = ask(&house, "resources/list", &json!({})).await.json();
    let uris: Vec<_> = listed["result"]["resources"].as_array().unwrap().iter().map(|one| one["uri"].clone()).collect();
    assert_eq!(uris, [json!("optimus://languages"), json!(uri)]);
    for (uri, word) in [(uri, "\"verdict\":\"accepted\""), ("optimus://languages", "\"toy\"")] {
        let read = ask(&house, "resources/read", &json!({"uri": uri})).await.json();
        let contents = &read["result"]["contents"][0];
        assert_eq!((&contents["uri"], &contents["mimeType"]), (&json!(uri), &json!("application/json")), "{read}");
        assert!(contents["text"].as_str().unwrap().contains(word), "{read}");
    }
}

#[tokio::test]
async fn progress_is_told_to_a_client_that_asks_for_it() {
    let tests = json!([{"stdin": "1"}, {"stdin": "2"}]);
    let arguments = json!({"language": "toy", "code": "x", "tests": tests});
    let params = json!({"name": "run_tests", "arguments": arguments, "_meta": {"progressToken": "mine"}});
    let text = ask(&house(), "tools/call", &params).await.text();
    let messages: Vec<Value> =
        text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data:")?.trim()).ok()).collect();
    let told: Vec<_> = messages.iter().filter(|message| message["method"] == "notifications/progress").collect();
    let steps: Vec<_> = told.iter().map(|message| message["params"]["progress"].as_f64().unwrap()).collect();
    assert_eq!(steps, [1.0, 3.0, 4.0], "{text}");
    assert_eq!((&told[2]["params"]["progressToken"], &told[2]["params"]["total"]), (&json!("mine"), &json!(4.0)));
    assert_eq!(messages.last().unwrap()["result"]["structuredContent"]["passed"], 2, "{text}");
}

#[tokio::test]
async fn a_key_is_needed_where_keys_are_and_shows_its_own_jobs_only() {
    let house = House::with_keys(Door::Mcp, &[("one", "a", false), ("two", "b", false)], echo);
    let send = async |key: &str, method: &str, params: &Value| {
        let headers = [ACCEPT, KIND, REVISION, key];
        house.send("POST", "/mcp", &headers, request(method, params).to_string()).await
    };
    for key in ["x-none: 1", "authorization: Bearer nosuch"] {
        let refused = send(key, "tools/list", &json!({})).await;
        assert_eq!((refused.status, &refused.json()["error"]["code"]), (401, &json!(-32_600)));
    }
    let arguments = json!({"name": "run_code", "arguments": {"language": "toy", "code": "x"}});
    let ran = send("authorization: Bearer one", "tools/call", &arguments).await.json();
    let uri = &ran["result"]["structuredContent"]["report"];
    for (key, is_found) in [("authorization: Bearer one", true), ("x-api-key: two", false)] {
        let read = send(key, "resources/read", &json!({"uri": uri})).await.json();
        assert_eq!(read.get("result").is_some(), is_found, "{read}");
    }
}

#[tokio::test]
async fn pages_of_other_sites_may_not_call() {
    let body = request("tools/list", &json!({})).to_string();
    for (origin, status) in [
        ("origin: http://localhost:6274", 200),
        ("origin: http://127.0.0.1:8080", 200),
        ("origin: https://allowed.example", 200),
        ("origin: http://evil.example", 403),
        ("origin: https://localhost.evil.example", 403),
        ("origin: null", 403),
    ] {
        let answer = house().send("POST", "/mcp", &[ACCEPT, KIND, REVISION, origin], body.clone()).await;
        assert_eq!(answer.status, status, "{origin}: {}", answer.text());
    }
}

#[tokio::test]
async fn what_is_no_message_is_refused() {
    for (body, status) in [("{", 400), ("[]", 400), ("{\"jsonrpc\":\"2.0\"}", 400)] {
        let answer = house().send("POST", "/mcp", &[ACCEPT, KIND, REVISION], body).await;
        assert!((status..500).contains(&answer.status), "{body}: {} {}", answer.status, answer.text());
    }
    assert_eq!(house().send("GET", "/mcp", &[ACCEPT], "").await.status, 405);
    assert_eq!(house().send("POST", "/other", &[ACCEPT, KIND], "{}").await.status, 404);
}

/// What is printed for these lines, when the input ends after them at once.
async fn piped(house: &House, lines: &[Value]) -> Vec<Value> {
    let (shared, caller) = house.parts().await;
    let (mut client, server) = tokio::io::duplex(1 << 20);
    let (reader, writer) = tokio::io::split(server);
    let serving = tokio::spawn(mcp_on(shared, caller, reader, writer));
    for line in lines {
        client.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }
    client.shutdown().await.unwrap();
    let mut printed = String::new();
    client.read_to_string(&mut printed).await.unwrap();
    serving.await.unwrap().unwrap();
    printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn lines_without_a_handshake_are_answered_before_the_end() {
    let call = json!({"name": "run_code", "arguments": {"language": "toy", "code": "x", "stdin": "in"}});
    let mut answers = piped(
        &house(),
        &[request("tools/list", &json!({})), {
            let mut second = request("tools/call", &call);
            second["id"] = json!("two");
            second
        }],
    )
    .await;
    answers.sort_by_key(|answer| answer["id"].is_string());
    assert_eq!(answers.len(), 2, "{answers:?}");
    assert_eq!(answers[0]["result"]["tools"].as_array().unwrap().len(), 4);
    assert_eq!(answers[1]["result"]["structuredContent"]["stdout"], "in", "{answers:?}");
}

#[tokio::test]
async fn a_handshake_and_progress_work_on_a_pipe() {
    let client = json!({"name": "test", "version": "1"});
    let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
    let call =
        json!({"name": "run_code", "arguments": {"language": "toy", "code": "x"}, "_meta": {"progressToken": 5}});
    let lines = [
        json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello}),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        request("tools/call", &call),
    ];
    let answers = piped(&house(), &lines).await;
    let hello = answers.iter().find(|answer| answer["id"] == 0).unwrap();
    assert_eq!(hello["result"]["protocolVersion"], "2025-06-18", "{answers:?}");
    assert!(answers.iter().any(|answer| answer["params"]["progressToken"] == 5), "{answers:?}");
    assert!(answers.iter().any(|answer| answer["id"] == 7 && answer["result"].is_object()), "{answers:?}");
}
