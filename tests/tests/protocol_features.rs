//! What an editor is sent: completion, hover, quick fixes.

use nix_archiver_tests::{
    lsp_client::{Client, FILE, PATIENCE, codes, labels, position},
    small_index,
};
use serde_json::{Value, json};

/// What a modern editor says that it can do.
fn modern() -> Value {
    json!({
        "textDocument": {
            "completion": { "completionItem": {
                "snippetSupport": true, "labelDetailsSupport": true,
                "documentationFormat": ["markdown", "plaintext"],
                "tagSupport": { "valueSet": [1] },
            } },
            "hover": { "contentFormat": ["markdown"] },
        },
        "workspace": { "workspaceEdit": { "documentChanges": true } },
    })
}

#[test]
fn versions_come_newest_first_and_stay_so() {
    let (_dir, mut client) = small_index::greet(modern());
    client.open("{ nodejs = \"\"; }");
    let list = client.at("textDocument/completion", 0, 12);
    assert_eq!(labels(&list), ["22.1.0", "22.0.0-rc.1", "20.18.1", "20.11.0", "18.20.0"]);
    assert_eq!(list["isIncomplete"], true);
    let items = list["items"].as_array().expect("a list");
    let sort: Vec<_> = items.iter().map(|i| i["sortText"].as_str().expect("a text")).collect();
    assert!(sort.is_sorted() && sort.iter().all(|s| s.starts_with('!')), "{sort:?}");
    assert_eq!(items[0]["preselect"], true);
    assert!(items[0]["labelDetails"]["description"].is_string());
    assert!(items[0].get("documentation").is_none(), "documentation is for resolve");

    // Every item matches what is typed equally well, so that no client sorts them anew.
    client.replace(2, "{ nodejs = \"20.\"; }");
    let list = client.at("textDocument/completion", 0, 15);
    assert_eq!(labels(&list), ["20.18.1", "20.11.0"]);
    for item in list["items"].as_array().expect("a list") {
        assert_eq!(item["filterText"], "20.");
    }
    client.stop();
}

/// What is said once for all items is what each says for itself where the client does not know of
/// defaults.
#[test]
fn what_items_share_is_said_once() {
    let mut knows = modern();
    let defaults = json!({ "itemDefaults": ["commitCharacters", "editRange", "data"] });
    knows["textDocument"]["completion"]["completionList"] = defaults;
    let (_dir, mut short) = small_index::greet(knows);
    let (_dir, mut long) = small_index::greet(modern());
    let mut shared = Vec::new();
    for (version, (text, column)) in (2..).zip([
        ("{ nodejs = \"\"; }", 12),
        ("{ nodejs = \"^20.\" }", 16),
        ("{ nodejs = \"2", 13),
        ("{ nod }", 5),
        ("{ nodejs = { version = \"20.11.0\"; rev } }", 37),
        ("{ nodejs = \"no such\"; git = 1 }", 19),
    ]) {
        let ask = |client: &mut Client| {
            if version == 2 {
                client.open("");
            }
            client.replace(version, text);
            client.at("textDocument/completion", 0, column)
        };
        let (list, mut whole) = (ask(&mut short), ask(&mut long));
        assert!(!labels(&whole).is_empty(), "{text}");
        shared.push(list["itemDefaults"]["data"]["p"].clone());
        let spelled = list["items"].as_array().expect("a list").iter().map(|item| {
            let mut item = item.clone();
            let fields = item.as_object_mut().expect("an item");
            if let Some(new_text) = fields.remove("textEditText") {
                let range = &list["itemDefaults"]["editRange"];
                fields.insert("textEdit".into(), json!({ "newText": new_text, "range": range }));
            }
            let data = list["itemDefaults"].get("data");
            if let (None, Some(data)) = (fields.get("data"), data) {
                fields.insert("data".into(), data.clone());
            }
            item
        });
        assert_eq!(spelled.collect::<Vec<_>>(), *whole["items"].as_array().expect("a list"));
        assert_eq!(list["isIncomplete"], whole["isIncomplete"], "{text}");
        assert_eq!(whole["itemDefaults"].take(), Value::Null);
    }
    let node = json!("nodejs");
    assert_eq!(
        shared[..3],
        [node.clone(), node.clone(), node],
        "a list of versions is of one package"
    );
    short.stop();
    long.stop();
}

#[test]
fn names_come_with_a_stop_at_the_version() {
    let (_dir, mut client) = small_index::greet(modern());
    client.open("{ nod }");
    let list = client.at("textDocument/completion", 0, 5);
    let item = &list["items"][0];
    assert_eq!(item["label"], "nodejs");
    assert_eq!(item["textEdit"]["newText"], "nodejs = \"${1:22.1.0}\";$0");
    assert_eq!(item["insertTextFormat"], 2);
    client.stop();

    let (_dir, mut client) = small_index::greet(json!({}));
    client.open("{ nod }");
    let list = client.at("textDocument/completion", 0, 5);
    let item = &list["items"][0];
    assert_eq!(item["textEdit"]["newText"], "nodejs = \"22.1.0\";");
    assert_eq!(item.get("insertTextFormat"), None);
    assert!(item["detail"].is_string(), "without label details, the detail says it");
    client.stop();
}

/// Some clients make an item's own edit first, and the others in the text that has come of it;
/// the protocol has all edits be of the text before. Both ways the same text has to come out.
#[test]
fn edits_come_right_for_clients_that_make_them_in_turn() {
    for (client_name, in_turn) in [("helix", true), ("Eglot", true), ("other", false)] {
        let dir = tempfile::tempdir().expect("a directory");
        let index = dir.path().join("index");
        small_index::write(&index, &small_index::packages());
        let mut client = Client::start(&index);
        let hello = json!({
            "processId": null, "rootUri": null, "capabilities": modern(),
            "clientInfo": { "name": client_name },
        });
        client.call("initialize", hello);
        client.notify("initialized", json!({}));
        // The `;` is missing behind a string that is whole already.
        client.open("{ nodejs = \"20.\" }");
        let list = client.at("textDocument/completion", 0, 15);
        let item = &list["items"][0];
        let others = item["additionalTextEdits"].as_array().cloned().unwrap_or_default();
        let mut edits = vec![item["textEdit"].clone()];
        edits.extend(others);
        if !in_turn {
            assert_eq!(edits.len(), 2, "{item}");
            // From the end of the line, so that each finds its place.
            edits.reverse();
        }
        let mut line = "{ nodejs = \"20.\" }".to_owned();
        for edit in edits {
            let column = |end: &str| {
                let column = edit["range"][end]["character"].as_u64().expect("a column");
                usize::try_from(column).expect("it is small")
            };
            let text = edit["newText"].as_str().expect("a text");
            line.replace_range(column("start")..column("end"), text);
        }
        assert_eq!(line, "{ nodejs = \"20.18.1\"; }", "{client_name}");
        client.stop();
    }
}

#[test]
fn the_client_may_name_its_command_for_another_list() {
    let dir = tempfile::tempdir().expect("a directory");
    let index = dir.path().join("index");
    small_index::write(&index, &small_index::packages());
    let mut client = Client::start(&index);
    let hello = json!({
        "processId": null, "rootUri": null, "capabilities": modern(),
        "initializationOptions": { "suggestCommand": "editor.suggest", "unknown": [1] },
    });
    client.call("initialize", hello);
    client.notify("initialized", json!({}));
    client.open("{ python3P }");
    let list = client.at("textDocument/completion", 0, 10);
    let item = &list["items"][0];
    assert_eq!(
        (&item["label"], &item["command"]["command"]),
        (&json!("python3Packages"), &json!("editor.suggest"))
    );
    assert_eq!(item["textEdit"]["newText"], "python3Packages.");
    client.stop();
}

#[test]
fn documentation_is_looked_up_without_the_list() {
    let (_dir, mut client) = small_index::greet(modern());
    client.open("{ nodejs = \"\"; }");
    let list = client.at("textDocument/completion", 0, 12);
    let item = list["items"][3].clone();
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": FILE } }));
    let resolved = client.call("completionItem/resolve", item.clone());
    let text = resolved["documentation"]["value"].as_str().expect("a text");
    assert!(text.starts_with("**nodejs** **20.11.0**"), "{text}");
    assert_eq!(resolved["documentation"]["kind"], "markdown");
    assert_eq!((&resolved["label"], &resolved["textEdit"]), (&item["label"], &item["textEdit"]));

    // An item of another server, or of an index that is gone, comes back as it was.
    for item in [json!({ "label": "x" }), json!({ "label": "x", "data": { "p": "no.such" } })] {
        assert_eq!(client.call("completionItem/resolve", item.clone()), item);
    }
    client.stop();
}

#[test]
fn hover_tells_the_history() {
    let (_dir, mut client) = small_index::greet(modern());
    client.open("{ nodejs = \"20.11.0\"; }");
    let hover = client.at("textDocument/hover", 0, 14);
    assert_eq!(hover["contents"]["kind"], "markdown");
    let text = hover["contents"]["value"].as_str().expect("a text");
    for part in [
        "First seen 2023-11-28",
        "Last seen 2024-03-06",
        "https://github.com/NixOS/nixpkgs/commit/",
        "Newest of line 20: **20.18.1**",
        "newest of all: **22.1.0**",
        "License: MIT",
        "nix shell nixpkgs/",
        "The index goes up to 2024-12-31 of nixpkgs-unstable",
    ] {
        assert!(text.contains(part), "{part} is missing from: {text}");
    }
    assert_eq!(hover["range"]["start"]["character"], 11);
    client.stop();

    let (_dir, mut client) = small_index::greet(json!({}));
    client.open("{ nodejs = \"20.11.0\"; }");
    let hover = client.at("textDocument/hover", 0, 14);
    assert_eq!(hover["contents"]["kind"], "plaintext");
    client.stop();
}

#[test]
fn quick_fixes_are_tied_to_their_problems() {
    let (_dir, mut client) = small_index::greet(modern());
    client.open("{ nodejs = \"20.11.1\"; nodjs = \"1\"; }");
    let diagnostics = client.pushed(1);
    let mut ask =
        json!({ "textDocument": { "uri": FILE }, "context": { "diagnostics": diagnostics } });
    ask["range"] = diagnostics[0]["range"].clone();
    let actions = client.call("textDocument/codeAction", ask.clone());
    let titles: Vec<_> = actions.as_array().expect("a list").iter().map(|a| &a["title"]).collect();
    assert_eq!(
        titles,
        [
            "Change to 20.11.0 (next below)",
            "Change to 20.18.1 (next above, newest of its line)",
            "Fix all problems that have a best solution",
            "Align pins: newer versions of their lines, fewer revisions",
        ]
    );
    let best = &actions[0];
    assert_eq!((&best["kind"], &best["isPreferred"]), (&json!("quickfix"), &json!(true)));
    assert_eq!(best["diagnostics"][0], diagnostics[0]);
    let change = &best["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"], json!({ "uri": FILE, "version": 1 }));
    assert_eq!(change["edits"][0]["newText"], "20.11.0");

    ask["range"] = diagnostics[1]["range"].clone();
    let actions = client.call("textDocument/codeAction", ask.clone());
    assert_eq!(actions[0]["title"], "Change to nodejs");
    for (only, any) in
        [("quickfix", true), ("refactor", false), ("", true), ("source.fixAll", true)]
    {
        ask["context"]["only"] = json!([only]);
        let actions = client.call("textDocument/codeAction", ask.clone());
        assert_eq!(!actions.as_array().is_none_or(Vec::is_empty), any, "{only}");
    }
    client.stop();
}

#[test]
fn the_starter_index_answers_where_there_is_no_other() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut client = Client::greet(&dir.path().join("no-index"), modern());
    client.open("{ nodejs = \"\"; nosuchpackageatall = \"1\"; }");
    let text = client.at("textDocument/hover", 0, 4).to_string();
    let list = client.call("textDocument/completion", position(0, 12));
    let diagnostics = client.pushed(1);
    if labels(&list).is_empty() {
        // This program was built without a starter; then it must say that it knows nothing.
        assert_eq!(diagnostics[0]["code"], "index-missing", "{diagnostics:?}");
    } else {
        assert!(text.contains("starter index"), "{text}");
        assert_eq!(diagnostics[0]["code"], "unknown-package", "{diagnostics:?}");
    }
    client.stop();
}

#[test]
fn what_is_done_to_a_whole_file_is_worked_out_when_it_is_chosen() {
    let mut capabilities = modern();
    capabilities["textDocument"]["codeAction"] =
        json!({ "dataSupport": true, "resolveSupport": { "properties": ["edit"] } });
    let (_dir, mut client) = small_index::greet(capabilities);
    let text = "{\n  nodejs = \"20.11.0\";\n  git = 2.44.0;\n}\n";
    client.open(text);
    let mut ask = json!({
        "textDocument": { "uri": FILE }, "context": { "diagnostics": [] },
        "range": { "start": { "line": 1, "character": 3 }, "end": { "line": 1, "character": 3 } },
    });
    for (only, title, edits) in [
        (json!(["source.fixAll"]), "Fix all problems that have a best solution", 2),
        (json!(["source.organizePins"]), "Sort pins by name", 2),
        (json!(["source"]), "Fix all problems that have a best solution", 2),
        (json!(["source.updatePins"]), "Update all pins to the newest of their line", 1),
    ] {
        ask["context"]["only"] = only.clone();
        let action = client.call("textDocument/codeAction", ask.clone())[0].take();
        assert_eq!(action["title"], title, "{only}");
        assert_eq!(action.get("edit"), None, "{only}");
        let change =
            client.call("codeAction/resolve", action.clone())["edit"]["documentChanges"][0].take();
        assert_eq!(change["textDocument"], json!({ "uri": FILE, "version": 1 }), "{only}");
        assert_eq!(change["edits"].as_array().map(Vec::len), Some(edits), "{only}: {change}");
    }
    ask["context"]["only"] = json!(["refactor"]);
    let action = client.call("textDocument/codeAction", ask.clone())[0].take();
    assert_eq!(action["title"], "Pin to 20.18.1, the newest of 20 (minor update)");
    assert!(action["edit"].is_object());

    ask["context"]["only"] = json!(["source.organizePins"]);
    let action = client.call("textDocument/codeAction", ask.clone())[0].take();
    client.replace(2, "{ }");
    let id = client.request("codeAction/resolve", action);
    let refused = client.answer(id).expect_err("the file has changed");
    assert_eq!(refused["code"], -32801, "{refused}");
    client.stop();
}

#[test]
fn settings_change_what_is_reported_while_the_server_runs() {
    let dir = tempfile::tempdir().expect("a directory");
    let index = dir.path().join("index");
    small_index::write(&index, &small_index::packages());
    let severity = |code: &str, severity: &str| json!({ "diagnostics": { "severity": { code: severity } }, "index.oldAfterDays": 0 });

    // Said in the hello, and changed by a client that pushes its settings.
    let mut client = Client::start(&index);
    client.hello_with(json!({}), severity("unknown-package", "hint"));
    client.open("{ nosuch = \"1\"; }");
    assert_eq!(client.pushed(1)[0]["severity"], 4);
    let settings = json!({ "settings": { "nix-archiver": severity("unknown-package", "off") } });
    client.notify("workspace/didChangeConfiguration", settings);
    assert_eq!(client.pushed(1), [Value::Null; 0]);
    let old = json!({ "settings": { "nix-archiver": { "index.oldAfterDays": 1 } } });
    client.notify("workspace/didChangeConfiguration", old);
    assert_eq!(codes(&client.pushed(1)), ["index-old", "unknown-package"]);
    client.stop();

    // Asked for, from a client that answers.
    let mut client = Client::start(&index);
    client.answers = false;
    let capabilities = json!({ "workspace": {
        "configuration": true, "didChangeConfiguration": { "dynamicRegistration": true },
    } });
    client.hello_with(capabilities, json!(null));
    let answer = |client: &mut Client, said: Value| {
        let asked = client.wait("the question for settings", PATIENCE, |message| {
            message["method"] == "workspace/configuration"
        });
        assert_eq!(asked["params"]["items"], json!([{ "section": "nix-archiver" }]));
        client.send(&json!({ "jsonrpc": "2.0", "id": asked["id"], "result": [said] }));
    };
    answer(&mut client, severity("unknown-package", "warning"));
    let wanted = client.wait("the registration", PATIENCE, |message| {
        message["method"] == "client/registerCapability"
    });
    assert_eq!(wanted["params"]["registrations"][0]["method"], "workspace/didChangeConfiguration");
    client.send(&json!({ "jsonrpc": "2.0", "id": wanted["id"], "result": null }));
    client.open("{ nosuch = \"1\"; }");
    while client.pushed(1)[0]["severity"] != 2 {}
    client.notify("workspace/didChangeConfiguration", json!({ "settings": null }));
    answer(&mut client, severity("unknown-package", "information"));
    assert_eq!(client.pushed(1)[0]["severity"], 3);
    client.stop();
}

#[test]
fn a_problem_links_to_its_page_and_to_what_it_is_about() {
    let mut capabilities = modern();
    capabilities["textDocument"]["publishDiagnostics"] =
        json!({ "codeDescriptionSupport": true, "relatedInformation": true });
    let (_dir, mut client) = small_index::greet(capabilities);
    client.open("{ git = \"2.44.0\"; git = \"2.44.0\"; }");
    let problem = client.pushed(1)[0].take();
    let page = problem["codeDescription"]["href"].as_str().expect("a page");
    assert!(page.ends_with("/docs/diagnostics.md#duplicate-pin"), "{page}");
    let related = &problem["relatedInformation"][0];
    assert_eq!(related["location"]["uri"], FILE);
    assert_eq!(related["location"]["range"]["start"]["character"], 2);
    client.stop();

    let (_dir, mut client) = small_index::greet(modern());
    client.open("{ git = \"2.44.0\"; git = \"2.44.0\"; }");
    let problem = client.pushed(1)[0].take();
    assert_eq!((problem.get("codeDescription"), problem.get("relatedInformation")), (None, None));
    client.stop();
}

#[test]
fn each_folder_has_its_settings() {
    let dir = tempfile::tempdir().expect("a directory");
    let index = dir.path().join("index");
    small_index::write(&index, &small_index::packages());
    let mut client = Client::start(&index);
    client.answers = false;
    let folder = |name: &str| json!({ "uri": format!("file:///{name}"), "name": name });
    client.call(
        "initialize",
        json!({
            "processId": null, "rootUri": null, "workspaceFolders": [folder("a"), folder("b")],
            "capabilities": { "workspace": { "configuration": true, "workspaceFolders": true } },
            "initializationOptions": { "index.oldAfterDays": 0 },
        }),
    );
    client.notify("initialized", json!({}));
    let severity = |severity: &str| json!({ "diagnostics.severity.unknown-package": severity });
    let answer = |client: &mut Client, scopes: Value, said: Value| {
        let asked = client.wait("the question for settings", PATIENCE, |message| {
            message["method"] == "workspace/configuration"
        });
        let items = asked["params"]["items"].as_array().expect("a list");
        let of: Vec<_> = items.iter().map(|item| item["scopeUri"].clone()).collect();
        assert_eq!(json!(of), scopes);
        client.send(&json!({ "jsonrpc": "2.0", "id": asked["id"], "result": said }));
    };
    let scopes = json!([null, "file:///a", "file:///b"]);
    answer(&mut client, scopes, json!([null, severity("hint"), severity("off")]));
    let shown = |client: &mut Client, name: &str, wanted: &[u64]| {
        let uri = format!("file:///{name}/packages.nix");
        client.open_as(&uri, "{ nosuch = \"1\"; }");
        client.wait("its diagnostics", PATIENCE, |message| {
            let found = message["params"]["diagnostics"].as_array();
            let found = found.map(|all| all.iter().map(|d| d["severity"].as_u64()).collect());
            let wanted: Vec<_> = wanted.iter().copied().map(Some).collect();
            message["params"]["uri"] == uri && found == Some(wanted)
        });
    };
    shown(&mut client, "a", &[4]);
    shown(&mut client, "b/c", &[]);
    shown(&mut client, "ab", &[1]);

    // A folder that is opened later has its own as well.
    let event = json!({ "event": { "added": [folder("d")], "removed": [folder("a")] } });
    client.notify("workspace/didChangeWorkspaceFolders", event);
    let scopes = json!([null, "file:///b", "file:///d"]);
    answer(&mut client, scopes, json!([null, severity("off"), severity("warning")]));
    shown(&mut client, "d", &[2]);
    client.stop();
}
