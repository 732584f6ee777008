//! What an editor is sent to show beside the text, and the commands that it can call.

use nix_archiver_tests::{
    lsp_client::{Client, FILE, PATIENCE, codes},
    small_index,
};
use serde_json::{Value, json};

const TEXT: &str = "{\n  /* \u{1f600} */ nodejs = \"20.11.0\";\n  python3Packages = {\n    numpy = \"^1.26\";\n  };\n}\n";

fn start(capabilities: Value) -> (tempfile::TempDir, Client, Value) {
    let dir = tempfile::tempdir().expect("a directory");
    let index = dir.path().join("index");
    small_index::write(&index, &small_index::packages());
    let mut client = Client::start(&index);
    let can = client.hello(capabilities);
    client.open(TEXT);
    (dir, client, can)
}

fn modern() -> Value {
    json!({
        "workspace": { "applyEdit": true, "workspaceEdit": { "documentChanges": true } },
        "textDocument": { "documentSymbol": { "hierarchicalDocumentSymbolSupport": true } },
    })
}

fn file() -> Value {
    json!({ "textDocument": { "uri": FILE } })
}

fn whole() -> Value {
    let end = json!({ "line": 99, "character": 0 });
    json!({ "textDocument": { "uri": FILE },
            "range": { "start": { "line": 0, "character": 0 }, "end": end } })
}

#[test]
fn what_is_declared_is_answered() {
    let (_dir, mut client, can) = start(modern());
    for (capability, method, params) in [
        ("inlayHintProvider", "inlayHint", whole()),
        ("codeLensProvider", "codeLens", file()),
        ("documentLinkProvider", "documentLink", file()),
        ("documentSymbolProvider", "documentSymbol", file()),
        ("foldingRangeProvider", "foldingRange", file()),
        ("semanticTokensProvider", "semanticTokens/full", file()),
        ("semanticTokensProvider", "semanticTokens/range", whole()),
    ] {
        assert!(!can[capability].is_null(), "{capability}");
        let answer = client.call(&format!("textDocument/{method}"), params.clone());
        assert!(answer.is_array() || answer.is_object(), "{method}: {answer}");
        let mut other = params;
        other["textDocument"]["uri"] = json!("file:///project/default.nix");
        assert_eq!(client.call(&format!("textDocument/{method}"), other), Value::Null, "{method}");
    }
    client.stop();
}

#[test]
fn hints_links_folds_and_outline_are_where_the_text_is() {
    let (_dir, mut client, _) = start(modern());
    let hints = client.call("textDocument/inlayHint", whole());
    assert_eq!(hints.as_array().map(Vec::len), Some(1), "{hints}");
    assert_eq!(hints[0]["label"], "\u{2191} 20.18.1");
    // The emoji counts twice.
    assert_eq!(hints[0]["position"], json!({ "line": 1, "character": 30 }));
    assert_eq!(hints[0]["textEdits"][0]["newText"], "20.18.1");

    let folds = client.call("textDocument/foldingRange", file());
    let lines: Vec<_> = folds.as_array().expect("a list").iter().collect();
    assert_eq!((&lines[0]["startLine"], &lines[0]["endLine"]), (&json!(0), &json!(4)));
    assert_eq!((&lines[1]["startLine"], &lines[1]["endLine"]), (&json!(2), &json!(3)));

    let outline = client.call("textDocument/documentSymbol", file());
    assert_eq!(outline[0]["name"], "nodejs");
    assert_eq!(outline[0]["detail"], "20.11.0");
    assert_eq!(outline[1]["children"][0]["name"], "numpy");

    let tokens = client.call("textDocument/semanticTokens/full", file());
    let data: Vec<u64> =
        tokens["data"].as_array().expect("numbers").iter().filter_map(Value::as_u64).collect();
    // `nodejs`, its version, the set, `numpy`, `^`, and the version behind it.
    let wanted = [
        [1, 11, 6, 1, 0],
        [0, 10, 7, 2, 0],
        [1, 2, 15, 0, 0],
        [1, 4, 5, 1, 0],
        [0, 9, 1, 3, 0],
        [0, 1, 4, 2, 0],
    ];
    assert_eq!(data, wanted.concat());
    client.stop();

    let (_dir, mut client, _) = start(json!({}));
    let flat = client.call("textDocument/documentSymbol", file());
    assert_eq!(flat[2]["containerName"], "python3Packages", "{flat}");
    let lens = client.call("textDocument/codeLens", file());
    assert_eq!(lens[0]["command"]["command"], "", "this client takes no edits");
    client.stop();
}

#[test]
fn the_line_above_the_pins_takes_their_updates() {
    let (_dir, mut client, _) = start(modern());
    client.answers = false;
    let lens = client.call("textDocument/codeLens", file());
    assert_eq!(lens[0]["range"]["start"], json!({ "line": 0, "character": 0 }));
    let command = &lens[0]["command"];
    assert_eq!(command["title"], "2 pins \u{b7} take 1 update in its line");
    let call = json!({ "command": command["command"], "arguments": command["arguments"] });
    assert_eq!(client.call("workspace/executeCommand", call), json!({ "edits": 1 }));
    let asked =
        client.wait("the edit", PATIENCE, |message| message["method"] == "workspace/applyEdit");
    let change = &asked["params"]["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"]["version"], 1);
    assert_eq!(change["edits"][0]["newText"], "20.18.1");
    let answer = json!({ "applied": false, "failureReason": "busy" });
    client.send(&json!({ "jsonrpc": "2.0", "id": asked["id"], "result": answer }));
    let told =
        client.wait("the message", PATIENCE, |message| message["method"] == "window/showMessage");
    assert!(told["params"]["message"].as_str().is_some_and(|text| text.contains("busy")), "{told}");
    client.stop();
}

#[test]
fn commands_answer_any_editor() {
    let (_dir, mut client, can) = start(modern());
    client.answers = false;
    let commands = can["executeCommandProvider"]["commands"].clone();
    assert_eq!(commands.as_array().map(Vec::len), Some(9), "{commands}");
    let run = |client: &mut Client, command: &str, arguments: Value| {
        let call = json!({ "command": format!("nix-archiver.{command}"), "arguments": arguments });
        let id = client.request("workspace/executeCommand", call);
        client.answer(id)
    };
    let found = run(&mut client, "search", json!(["python"])).expect("an answer");
    let names: Vec<_> =
        found["packages"].as_array().expect("a list").iter().map(|p| &p["name"]).collect();
    assert_eq!(names, ["python3", "python3Packages.numpy", "python3Packages.requests"]);
    let found = run(&mut client, "search", json!(["python", 1])).expect("an answer");
    assert_eq!(found["packages"][0]["newest"], "3.11.7");

    let found = run(&mut client, "versions", json!(["nodejs"])).expect("an answer");
    assert_eq!(found["releases"][0]["version"], "22.1.0");
    assert_eq!(found["releases"][0]["last"]["date"], "2024-12-31");
    assert_eq!(found["releases"].as_array().map(Vec::len), Some(5));
    assert_eq!(run(&mut client, "versions", json!(["nosuch"])), Ok(Value::Null));

    let status = run(&mut client, "status", json!([])).expect("an answer");
    assert_eq!((&status["index"]["state"], &status["files"][0]), (&json!("open"), &json!(FILE)));
    assert_eq!(status["index"]["covers"]["packages"], 5);

    let pinned = run(&mut client, "pin", json!([FILE, "git"])).expect("an answer");
    assert_eq!(pinned, json!({ "name": "git", "version": "2.44.0" }));
    let asked =
        client.wait("the edit", PATIENCE, |message| message["method"] == "workspace/applyEdit");
    let edit = &asked["params"]["edit"]["documentChanges"][0]["edits"][0];
    assert_eq!(edit["newText"], "\n  git = \"2.44.0\";");
    let answer = json!({ "applied": true });
    client.send(&json!({ "jsonrpc": "2.0", "id": asked["id"], "result": answer }));
    let pinned = run(&mut client, "pin", json!([FILE, "nodejs", "18.20.0"])).expect("an answer");
    assert_eq!(pinned["version"], "18.20.0");

    for (command, arguments, says) in [
        ("pin", json!([FILE, "nodejs", "1.2.3"]), "with version 1.2.3"),
        ("pin", json!([FILE, "nosuch"]), "nosuch"),
        (
            "pin",
            json!(["file:///other/packages.nix", "git"]),
            "URI of a packages.nix that is open or on the disk",
        ),
        ("search", json!([]), "argument 1"),
        ("versions", json!(["a..b"]), "a..b"),
        ("nosuch", json!([]), "nix-archiver.search"),
    ] {
        let error = run(&mut client, command, arguments).expect_err(command);
        assert_eq!(error["code"], -32602, "{error}");
        assert!(error["message"].as_str().is_some_and(|text| text.contains(says)), "{error}");
    }
    client.stop();
}

#[test]
fn the_lock_on_disk_is_followed() {
    let dir = tempfile::tempdir().expect("a directory");
    let index = dir.path().join("index");
    small_index::write(&index, &small_index::packages());
    let file = dir.path().join("packages.nix");
    let uri = format!("file://{}", file.display());
    let text = "{ git = \"2.44.0\"; }";
    std::fs::write(&file, text).expect("the file is written");
    let lock = |requirement: &str| {
        let pin = model::LockedPin {
            requirement: requirement.to_owned(),
            version: requirement.to_owned(),
            revision: "nixpkgs-1".to_owned(),
            allow_insecure: None,
        };
        let commit = model::Commit { id: model::CommitId([7; 20]), date: small_index::last_day() };
        let revision = model::LockedRevision { commit, nar_hash: None };
        let git = model::AttrPath::parse("git").expect("a path");
        let lock = model::Lock {
            revisions: [("nixpkgs-1".to_owned(), revision)].into(),
            pins: [(git, pin)].into(),
            index: None,
        };
        std::fs::write(dir.path().join("packages.lock"), lock.print()).expect("it is written");
    };
    lock("2.9");
    let mut client = Client::greet(&index, json!({}));
    client.open_as(&uri, text);
    let pushed = |client: &mut Client| {
        let message = client.wait("diagnostics", PATIENCE, |message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
        });
        codes(message["params"]["diagnostics"].as_array().expect("a list"))
    };
    assert_eq!(pushed(&mut client), ["lock-stale"]);
    lock("2.44.0");
    assert_eq!(pushed(&mut client), [""; 0], "a new lock is seen without a restart");
    let hover = client.call(
        "textDocument/hover",
        json!({ "textDocument": { "uri": uri }, "position": { "line": 0, "character": 3 } }),
    );
    assert!(hover.to_string().contains("Locked: 2.44.0 at 070707070707"), "{hover}");
    std::fs::write(dir.path().join("packages.lock"), "{\n").expect("it is written");
    assert_eq!(pushed(&mut client), ["lock-unreadable"]);
    std::fs::remove_file(dir.path().join("packages.lock")).expect("it is removed");
    assert_eq!(pushed(&mut client), [""; 0]);
    client.stop();
}
