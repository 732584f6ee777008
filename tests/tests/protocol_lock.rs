//! The commands of the language server that lock, align and choose, on files that are open and on
//! files that are not.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use nix_archiver_tests::{
    lsp_client::{Client, PATIENCE, program},
    small_index,
};
use serde_json::{Value, json};

/// A folder with an index, and a server that knows it.
struct World {
    dir: tempfile::TempDir,
    client: Client,
}

impl World {
    fn new(text: &str) -> Self {
        Self::with(text, json!({ "index": { "oldAfterDays": 0 } }))
    }

    fn with(text: &str, options: Value) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let index = dir.path().join("index");
        small_index::write(&index, &small_index::packages());
        fs::write(dir.path().join("packages.nix"), text).expect("it is ours");
        let mut client = Client::start(&index);
        let capabilities = json!({ "workspace": {
            "applyEdit": true, "workspaceEdit": { "documentChanges": true },
        } });
        client.hello_with(capabilities, options);
        client.answers = false;
        Self { dir, client }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("it is there")
    }

    fn uri(&self, name: &str) -> String {
        uri(&self.path(name))
    }

    fn run(&mut self, command: &str, arguments: Value) -> Result<Value, Value> {
        let call = json!({ "command": format!("nix-archiver.{command}"), "arguments": arguments });
        let id = self.client.request("workspace/executeCommand", call);
        self.client.answer(id)
    }

    /// The next request of the server with this method, answered so.
    fn asked(&mut self, method: &str, answer: Value) -> Value {
        let asked = self.client.wait(method, PATIENCE, |message| message["method"] == method);
        self.client.send(&json!({ "jsonrpc": "2.0", "id": asked["id"], "result": answer }));
        asked["params"].clone()
    }

    /// Waits until something is so.
    fn within_patience(&self, is_so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < PATIENCE, "it does not come");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// What `nix-archiver lock` makes of the file on disk.
    fn locked_by_hand(&self) -> String {
        let other = tempfile::tempdir().expect("a directory");
        let file = other.path().join("packages.nix");
        fs::copy(self.path("packages.nix"), &file).expect("it is ours");
        let mut lock = Command::new(program());
        lock.arg("lock").arg(&file).env("NIX_ARCHIVER_INDEX", self.path("index"));
        assert!(lock.output().expect("it starts").status.success());
        fs::read_to_string(other.path().join("packages.lock")).expect("it was written")
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

#[test]
fn the_lock_is_the_one_that_the_command_line_makes() {
    let mut world = World::new("{ nodejs = \"^20\"; git = \"2.44.0\"; }\n");
    let uri = world.uri("packages.nix");
    // The file is not open: it is read from the disk.
    let done = world.run("lock", json!([uri])).expect("an answer");
    assert_eq!((&done["changed"], &done["pins"]), (&json!(true), &json!(2)), "{done}");
    assert_eq!(world.text("packages.lock"), world.locked_by_hand());
    let again = world.run("lock", json!([uri])).expect("an answer");
    assert_eq!(again["changed"], false);
    assert!(again["notes"][0].as_str().is_some_and(|note| note.contains("nixpkgs.clone")));

    // What is open counts as it is in the editor.
    let text = "{ nodejs = \"^18\"; git = \"*\"; }\n";
    world.client.open_as(&uri, text);
    let one = world.run("lock", json!([uri, "nodejs"])).expect("an answer");
    assert!(one["changes"][1].as_str().is_some_and(|line| line.contains("-> 18.20.0")), "{one}");
    fs::write(world.path("packages.nix"), text).expect("it is ours");
    world.run("lock", json!([uri])).expect("an answer");
    assert_eq!(world.text("packages.lock"), world.locked_by_hand());

    for (arguments, says) in [
        (json!([uri, "hello"]), "hello is not pinned"),
        (json!([uri, "a..b"]), "a..b"),
        (json!(["file:///nowhere/packages.nix"]), "argument 1"),
        (json!(["untitled:packages.nix"]), "argument 1"),
    ] {
        let error = world.run("lock", arguments).expect_err(says);
        assert!(error["message"].as_str().is_some_and(|text| text.contains(says)), "{error}");
    }
    let before = world.text("packages.lock");
    world.client.notify(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": uri, "version": 2 },
                "contentChanges": [{ "text": "{ nodejs = \"99\"; }" }] }),
    );
    let error = world.run("lock", json!([uri])).expect_err("there is no such version");
    assert!(error["message"].as_str().is_some_and(|text| text.contains("never had version 99")));
    assert_eq!(world.text("packages.lock"), before, "nothing is written then");
    world.client.stop();
}

#[test]
fn what_came_of_a_lock_is_told_once() {
    for (options, told) in [(json!({}), true), (json!({ "tellsOfLock": true }), false)] {
        let mut world = World::with("{ git = \"2.44.0\"; }\n", options);
        let uri = world.uri("packages.nix");
        let done = world.run("lock", json!([uri])).expect("an answer");
        assert_eq!(done["pins"], 1);
        // The message and the answer come by two ways: either may be the first.
        let silent = world.client.is_silent("window/showMessage", Duration::from_secs(2));
        assert_eq!(!silent, told);
        world.client.stop();
    }
}

#[test]
fn a_lock_that_is_open_is_changed_by_the_editor() {
    let mut world = World::new("{ git = \"2.44.0\"; }\n");
    let (file, lock) = (world.uri("packages.nix"), world.uri("packages.lock"));
    world.client.open_as(&lock, "{}\n");
    world.run("lock", json!([file])).expect("an answer");
    let edit = world.asked("workspace/applyEdit", json!({ "applied": true }));
    let change = &edit["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"], json!({ "uri": lock, "version": 1 }));
    assert_eq!(change["edits"][0]["newText"], world.locked_by_hand());
    assert!(!world.path("packages.lock").exists(), "the disk is the editor's business then");
    // A lock has no pins, and nothing is said of it.
    let hover =
        json!({ "textDocument": { "uri": lock }, "position": { "line": 0, "character": 0 } });
    assert_eq!(world.client.call("textDocument/hover", hover), Value::Null);
    world.client.stop();
}

#[test]
fn aligned_pins_and_their_lock_go_together() {
    // The two were never there at one time; the newer one of the first was.
    let mut world =
        World::new("{ python3Packages.requests = \"2.28.1\"; git = \"2.44.0\"; # why\n}\n");
    let uri = world.uri("packages.nix");
    let text = world.text("packages.nix");
    world.client.open_as(&uri, &text);
    let done = world.run("lock", json!([uri])).expect("an answer");
    assert_eq!(done["revisions"], 2, "{done}");
    let done = world.run("align", json!([uri])).expect("an answer");
    assert_eq!(done, json!({ "edits": 1, "revisionsBefore": 2, "revisionsAfter": 1 }));
    let edit = world.asked("workspace/applyEdit", json!({ "applied": true }));
    let change = &edit["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"], json!({ "uri": uri, "version": 1 }));
    assert_eq!(change["edits"][0]["newText"], "2.28.2");
    let aligned = text.replace("2.28.1", "2.28.2");
    fs::write(world.path("packages.nix"), &aligned).expect("it is ours");
    world.within_patience(|world| world.text("packages.lock") == world.locked_by_hand());

    let change = json!({ "textDocument": { "uri": uri, "version": 2 },
                         "contentChanges": [{ "text": aligned }] });
    world.client.notify("textDocument/didChange", change);
    let done = world.run("align", json!([uri])).expect("an answer");
    assert_eq!(done, json!({ "edits": 0, "revisionsBefore": 1, "revisionsAfter": 1 }));
    world.client.stop();
}

#[test]
fn a_version_is_chosen_where_the_editor_has_no_list() {
    let mut world = World::new("{ nodejs = \"18.20.0\"; }\n");
    let uri = world.uri("packages.nix");
    let done = world.run("choose", json!([uri, "nodejs"])).expect("an answer");
    assert_eq!(done, json!({ "offered": 5 }));
    let asked = world.asked("window/showMessageRequest", json!({ "title": "20.18.1" }));
    assert_eq!(asked["actions"][0]["title"], "22.1.0");
    // The file is not open, so it is written.
    world.within_patience(|world| world.text("packages.nix").contains("20.18.1"));
    assert_eq!(world.text("packages.nix"), "{ nodejs = \"20.18.1\"; }\n");
    assert!(world.run("choose", json!([uri, "nosuch"])).is_err());
    world.client.stop();
}

#[test]
fn the_index_is_looked_at_anew() {
    let mut world = World::new("{ }\n");
    let done = world.run("index", json!([])).expect("an answer");
    assert_eq!(done["index"]["covers"]["packages"], 5);
    assert_eq!(done["run"], "nix-archiver index --repo PATH");
    small_index::write(&world.path("index"), &[small_index::package("go", "", &["1.21"])]);
    let done = world.run("index", json!([])).expect("an answer");
    assert_eq!(done["index"]["covers"]["packages"], 6, "{done}");
    world.client.stop();
}

#[test]
fn actions_lead_to_the_commands() {
    let mut world = World::new("{ nodejs = \"18.20.0\"; git = \"2.44.0\"; }\n");
    let uri = world.uri("packages.nix");
    let text = world.text("packages.nix");
    world.client.open_as(&uri, &text);
    let titled = |world: &mut World, kind: &str| {
        let ask = json!({
            "textDocument": { "uri": uri }, "context": { "diagnostics": [], "only": [kind] },
            "range": { "start": { "line": 0, "character": 4 }, "end": { "line": 0, "character": 4 } },
        });
        let actions = world.client.call("textDocument/codeAction", ask);
        actions.as_array().cloned().unwrap_or_default()
    };
    let lock = titled(&mut world, "source.lockPins");
    assert_eq!(lock[0]["command"]["command"], "nix-archiver.lock");
    let call =
        json!({ "command": "nix-archiver.lock", "arguments": lock[0]["command"]["arguments"] });
    world.client.call("workspace/executeCommand", call);
    let align = titled(&mut world, "source.alignPins");
    assert_eq!(align[0]["command"]["command"], "nix-archiver.align");
    let choose = titled(&mut world, "refactor.rewrite");
    let choose = choose.iter().find(|a| a["command"]["command"] == "nix-archiver.choose");
    let choose = choose.expect("there is a way to choose");
    assert_eq!(choose["command"]["arguments"], json!([uri, "nodejs"]));

    // A lock of other wishes: the fix locks that pin alone.
    world.client.notify(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": uri, "version": 2 },
                "contentChanges": [{ "text": "{ nodejs = \"20.11.0\"; git = \"2.44.0\"; }" }] }),
    );
    let fixes = titled(&mut world, "quickfix");
    assert_eq!(fixes[0]["title"], "Lock nodejs anew", "{fixes:?}");
    assert_eq!(fixes[0]["diagnostics"][0]["code"], "lock-stale");
    let call =
        json!({ "command": "nix-archiver.lock", "arguments": fixes[0]["command"]["arguments"] });
    world.client.call("workspace/executeCommand", call);
    assert!(world.text("packages.lock").contains("20.11.0"));
    world.client.stop();
}
