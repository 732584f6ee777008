//! How the language server starts and ends, and that it lives through everything between.

use std::time::Duration;

use nix_archiver_tests::{
    lsp_client::{Client, FILE, codes, labels, position},
    small_index,
};
use serde_json::{Value, json};

fn server() -> (tempfile::TempDir, Client) {
    let dir = tempfile::tempdir().expect("a directory");
    let index = dir.path().join("index");
    small_index::write(&index, &small_index::packages());
    let client = Client::start(&index);
    (dir, client)
}

fn greeted() -> (tempfile::TempDir, Client) {
    let (dir, mut client) = server();
    client.hello(json!({}));
    (dir, client)
}

const QUICK: Duration = Duration::from_secs(2);

#[test]
fn shutdown_and_exit_end_it_with_0_while_the_input_is_open() {
    let (_dir, mut client) = greeted();
    client.call("shutdown", Value::Null);
    client.notify("exit", Value::Null);
    let (status, time) = client.ended();
    assert_eq!(status.code(), Some(0));
    assert!(time < QUICK, "{time:?}");
}

#[test]
fn exit_without_shutdown_ends_it_with_1() {
    let (_dir, mut client) = greeted();
    client.notify("exit", Value::Null);
    let (status, time) = client.ended();
    assert_eq!(status.code(), Some(1));
    assert!(time < QUICK, "{time:?}");
}

#[test]
fn exit_before_hello_ends_it_with_1() {
    let (_dir, mut client) = server();
    client.notify("exit", Value::Null);
    assert_eq!(client.ended().0.code(), Some(1));
}

#[test]
fn shutdown_exit_and_a_closed_input_end_it_with_0() {
    let (_dir, mut client) = greeted();
    client.request("shutdown", Value::Null);
    client.notify("exit", Value::Null);
    client.close_input();
    assert_eq!(client.ended().0.code(), Some(0));
}

#[test]
fn a_closed_input_ends_it_with_1() {
    let (_dir, mut client) = greeted();
    client.close_input();
    let (status, time) = client.ended();
    assert_eq!(status.code(), Some(1));
    assert!(time < QUICK, "{time:?}");
}

#[test]
fn it_says_what_it_can_do_and_nothing_more() {
    let (_dir, mut client) = server();
    let capabilities = client.hello(json!({}));
    let mut names: Vec<_> = capabilities.as_object().expect("an object").keys().collect();
    names.sort();
    assert_eq!(
        names,
        [
            "codeActionProvider",
            "codeLensProvider",
            "completionProvider",
            "definitionProvider",
            "documentLinkProvider",
            "documentSymbolProvider",
            "executeCommandProvider",
            "foldingRangeProvider",
            "hoverProvider",
            "inlayHintProvider",
            "positionEncoding",
            "semanticTokensProvider",
            "textDocumentSync",
            "workspace"
        ]
    );
    assert_eq!(capabilities["positionEncoding"], "utf-16");
    assert_eq!(capabilities["textDocumentSync"]["change"], 2, "changes are incremental");
    client.stop();
}

#[test]
fn requests_before_hello_and_after_shutdown_are_refused() {
    let (_dir, mut client) = server();
    let early = client.request("textDocument/hover", position(0, 0));
    assert_eq!(client.answer(early).expect_err("not yet")["code"], -32002);
    client.hello(json!({}));
    client.call("shutdown", Value::Null);
    let late = client.request("textDocument/hover", position(0, 0));
    assert_eq!(client.answer(late).expect_err("no more")["code"], -32600);
    client.notify("exit", Value::Null);
    assert_eq!(client.ended().0.code(), Some(0));
}

#[test]
fn unknown_methods_and_malformed_messages_are_refused_and_forgotten() {
    let (_dir, mut client) = greeted();
    client.open("{ nodejs = \"\"; }");

    let unknown = client.request("textDocument/formatting", json!({ "textDocument": {} }));
    assert!(client.answer(unknown).is_err());
    let unknown = client.request("no/such", json!({}));
    assert_eq!(client.answer(unknown).expect_err("unknown")["code"], -32601);
    client.notify("no/such", json!({}));
    client.notify("$/no/such", json!({}));

    for params in [json!({}), json!([]), json!(null), json!({ "textDocument": 1 }), json!("x")] {
        let malformed = client.request("textDocument/hover", params.clone());
        let code = client.answer(malformed).expect_err("malformed")["code"].clone();
        assert_eq!(code, -32602, "{params}");
    }
    let mut no_uri = position(0, 0);
    no_uri["textDocument"]["uri"] = json!("not a uri");
    let malformed = client.request("textDocument/hover", no_uri);
    assert_eq!(client.answer(malformed).expect_err("malformed")["code"], -32602);

    client.notify("textDocument/didChange", json!({ "textDocument": {} }));
    client.send_raw("{ not json");
    client.send_raw("[]");
    client.send_raw("{}");
    client.send(&json!({ "jsonrpc": "2.0", "id": 999_999, "result": 1 }));
    client.notify("$/cancelRequest", json!({ "id": 123_456 }));

    let list = client.at("textDocument/completion", 0, 12);
    assert_eq!(labels(&list).len(), 5);
    client.stop();
}

#[test]
fn requests_about_files_that_are_not_open_have_no_answer() {
    let (_dir, mut client) = greeted();
    for method in ["textDocument/hover", "textDocument/completion"] {
        assert_eq!(client.at(method, 0, 3), Value::Null, "{method}");
    }
    client.change(2, json!([{ "text": "{ nodejs = \"\"; }" }]));
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": FILE } }));
    client.open("{ nodejs = \"\"; }");
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": FILE } }));
    assert_eq!(client.at("textDocument/completion", 0, 12), Value::Null);
    client.stop();
}

#[test]
fn other_nix_files_are_left_alone() {
    let (_dir, mut client) = greeted();
    let other = "file:///project/default.nix";
    client.open_as(other, "{ nosuch = \"1\"; nodejs = \"\"; }");
    let mut at = position(0, 26);
    at["textDocument"]["uri"] = json!(other);
    assert_eq!(client.call("textDocument/completion", at.clone()), Value::Null);
    assert_eq!(client.call("textDocument/hover", at), Value::Null);
    assert!(client.is_silent("textDocument/publishDiagnostics", Duration::from_millis(600)));

    // A packages.nix without pins is as silent.
    client.open("{ pkgs, ... }: pkgs.callPackage ./x.nix { }");
    assert!(client.pushed(1).is_empty());
    client.stop();
}

#[test]
fn a_flood_of_requests_and_cancellations_is_answered() {
    let (_dir, mut client) = greeted();
    client.open("{ nodejs = \"\"; }");
    let mut ids = Vec::new();
    for round in 0..1500 {
        let id = client.request("textDocument/completion", position(0, 12));
        if round % 3 == 0 {
            client.notify("$/cancelRequest", json!({ "id": id }));
        }
        ids.push(id);
    }
    for id in ids {
        match client.answer(id) {
            Ok(list) => assert_eq!(labels(&list).len(), 5),
            Err(error) => assert_eq!(error["code"], -32800, "{error}"),
        }
    }
    client.stop();
}

#[test]
fn it_never_waits_for_the_client() {
    let (dir, mut client) = server();
    // This client is asked to refresh, and never answers.
    client.answers = false;
    client.hello(json!({
        "workspace": { "diagnostics": { "refreshSupport": true } },
        "textDocument": { "diagnostic": {} },
    }));
    client.open("{ nodejs = \"1\"; }");
    small_index::write(&dir.path().join("index"), &[small_index::package("go", "", &["1.21"])]);
    client.wait("a refresh", Duration::from_secs(10), |message| {
        message["method"] == "workspace/diagnostic/refresh"
    });
    for version in 2..400 {
        client.replace(version, "{ nodejs = \"1\"; go = \"\"; }");
        client.request("textDocument/hover", position(0, 3));
    }
    let list = client.at("textDocument/completion", 0, 22);
    assert_eq!(labels(&list), ["1.21"]);
    client.stop();
}

#[test]
fn diagnostics_are_pulled_or_pushed_and_never_both() {
    let pull = json!({ "textDocument": { "textDocument": { "uri": FILE } } });
    let (_dir, mut client) = server();
    let capabilities = client.hello(json!({ "textDocument": { "diagnostic": {} } }));
    assert!(capabilities["diagnosticProvider"].is_object());
    client.open("{ nosuch = \"1\"; }");
    let report = client.call("textDocument/diagnostic", pull["textDocument"].clone());
    assert_eq!(codes(report["items"].as_array().expect("a full report")), ["unknown-package"]);
    let mut again = pull["textDocument"].clone();
    again["previousResultId"] = report["resultId"].clone();
    assert_eq!(client.call("textDocument/diagnostic", again.clone())["kind"], "unchanged");
    client.replace(2, "{ nodejs = \"1\"; }");
    let report = client.call("textDocument/diagnostic", again);
    assert_eq!(codes(report["items"].as_array().expect("a full report")), ["unknown-version"]);
    assert!(client.is_silent("textDocument/publishDiagnostics", Duration::from_millis(600)));
    client.stop();

    let (_dir, mut client) = server();
    let capabilities = client.hello(json!({}));
    assert!(capabilities.get("diagnosticProvider").is_none());
    client.open("{ nosuch = \"1\"; }");
    assert_eq!(codes(&client.pushed(1)), ["unknown-package"]);
    client.replace(2, "{ nodejs = \"1\"; }");
    assert_eq!(codes(&client.pushed(2)), ["unknown-version"]);
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": FILE } }));
    let gone = client.wait("the end of the diagnostics", Duration::from_secs(5), |message| {
        message["method"] == "textDocument/publishDiagnostics"
    });
    assert_eq!(gone["params"]["diagnostics"], json!([]));
    client.stop();
}

#[test]
fn an_index_that_appears_changes_or_breaks_is_noticed() {
    let dir = tempfile::tempdir().expect("a directory");
    let index = dir.path().join("index");
    small_index::write(&index, &small_index::packages());
    let mut client = Client::greet(&index, json!({}));
    client.open("{ go = \"1.21\"; }");
    assert_eq!(codes(&client.pushed(1)), ["unknown-package"]);

    small_index::write(&index, &[small_index::package("go", "A language", &["1.21"])]);
    assert_eq!(codes(&client.pushed(1)), [""; 0], "a new commit is seen without a restart");

    let meta = index.join("meta.json");
    let whole = std::fs::read(&meta).expect("the index has it");
    std::fs::write(&meta, "{ not json").expect("it can be written");
    assert_eq!(codes(&client.pushed(1)), ["index-missing"]);
    let list = client.at("textDocument/completion", 0, 8);
    assert_eq!(labels(&list), [""; 0]);

    std::fs::write(&meta, whole).expect("it can be written");
    assert_eq!(codes(&client.pushed(1)), [""; 0], "it goes on when the index is back");
    client.stop();
}

#[test]
fn an_index_that_is_deleted_and_replaced_is_noticed() {
    let dir = tempfile::tempdir().expect("a directory");
    let (index, away) = (dir.path().join("index"), dir.path().join("away"));
    small_index::write(&index, &small_index::packages());
    let mut client = Client::greet(&index, json!({}));
    client.open("{ nodejs = \"20.11.1\"; }");
    // What is shown in between may be of no index, or of the one that comes with the program.
    let until = |client: &mut Client, wanted: &[&str]| while codes(&client.pushed(1)) != wanted {};
    until(&mut client, &["unknown-version"]);

    std::fs::rename(&index, &away).expect("it is ours");
    small_index::write(&index, &[small_index::package("nodejs", "", &["20.11.1"])]);
    until(&mut client, &[]);
    std::fs::remove_dir_all(&index).expect("it is ours");
    std::fs::rename(&away, &index).expect("it is ours");
    until(&mut client, &["unknown-version"]);
    client.stop();
}
