//! From a pin into its lock and into nixpkgs: with a real history in git, and the server told where
//! its clone is.

use std::{fs, path::PathBuf, process::Command};

use nix_archiver_tests::{
    lsp_client::{Client, PATIENCE, program},
    repository::Repository,
};
use serde_json::{Value, json};

struct World {
    dir: tempfile::TempDir,
    client: Client,
}

impl World {
    /// nodejs 1.0 and then 2.0, and a server whose client can do this.
    fn new(pins: &str, capabilities: Value, mut options: Value) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let clone = dir.path().join("nixpkgs");
        let mut repository = Repository::nixpkgs(&clone, "    nodejs = callPackage ../nodejs { };");
        repository.package("nodejs", "1.0");
        repository.commit("first");
        repository.package("nodejs", "2.0");
        repository.commit("nodejs 2.0");
        fs::write(dir.path().join("packages.nix"), pins).expect("it is ours");
        let index = dir.path().join("index");
        let mut make = Command::new(program());
        make.args(["index", "--repo"]).arg(&clone).env("NIX_ARCHIVER_INDEX", &index);
        let made = make.output().expect("it starts");
        assert!(made.status.success(), "{made:?}");
        let mut client = Client::start(&index);
        options["nixpkgs"] = json!({ "clone": clone });
        options["index"] = json!({ "oldAfterDays": 0 });
        client.hello_with(capabilities, options);
        Self { dir, client }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}", self.path(name).display())
    }

    fn open(&mut self) -> String {
        let uri = self.uri("packages.nix");
        let text = fs::read_to_string(self.path("packages.nix")).expect("it is there");
        self.client.open_as(&uri, &text);
        uri
    }

    fn lock(&mut self) -> Value {
        let call = json!({ "command": "nix-archiver.lock",
                           "arguments": [self.uri("packages.nix")] });
        self.client.call("workspace/executeCommand", call)
    }

    fn definition(&mut self, character: u32) -> Value {
        let at = json!({ "textDocument": { "uri": self.uri("packages.nix") },
                         "position": { "line": 0, "character": character } });
        self.client.call("textDocument/definition", at)
    }
}

const PINS: &str = "{ nodejs = \"1.0\"; }\n";

#[test]
fn a_clone_tells_the_hashes_of_the_lock() {
    let mut world = World::new(PINS, json!({}), json!({}));
    let done = world.lock();
    assert_eq!((&done["changed"], &done["withoutHash"]), (&json!(true), &json!(0)), "{done}");
    let by_server = fs::read_to_string(world.path("packages.lock")).expect("it was written");
    fs::remove_file(world.path("packages.lock")).expect("it is ours");
    let mut by_hand = Command::new(program());
    by_hand.args(["lock", "--repo"]).arg(world.path("nixpkgs")).arg(world.path("packages.nix"));
    let ended = by_hand.env("NIX_ARCHIVER_INDEX", world.path("index")).output().expect("it starts");
    assert!(ended.status.success(), "{ended:?}");
    let by_hand = fs::read_to_string(world.path("packages.lock")).expect("it was written");
    assert_eq!(by_server, by_hand);
    assert!(by_server.contains("\"narHash\": \"sha256-"), "{by_server}");
    world.client.stop();
}

#[test]
fn a_pin_leads_to_its_entry_and_its_source() {
    let mut world = World::new(PINS, json!({}), json!({}));
    world.open();
    // No lock yet: the newest commit that had the version.
    let source = world.definition(4);
    assert_eq!(source.as_array().map(Vec::len), Some(1), "{source}");
    world.lock();
    for character in [4, 13] {
        let places = world.definition(character);
        assert_eq!(places[0]["uri"], world.uri("packages.lock"), "{places}");
        let line = places[0]["range"]["start"]["line"].as_u64().expect("a line");
        let lock = fs::read_to_string(world.path("packages.lock")).expect("it is there");
        let entry = lock.lines().nth(usize::try_from(line).expect("it is small"));
        assert_eq!(entry, Some("    \"nodejs\": {"));

        // And back again, from any line of the entry.
        let lock_uri = places[0]["uri"].clone();
        if character == 13 {
            // As it is on the disk before, and now as it is in the editor.
            world.client.open_as(lock_uri.as_str().expect("a URI"), &lock);
        }
        let mut back = |line: u64| {
            let at = json!({ "line": line, "character": 6 });
            let at = json!({ "textDocument": { "uri": lock_uri }, "position": at });
            world.client.call("textDocument/definition", at)
        };
        for within in 0..3 {
            let pin = back(line + within)[0].take();
            assert!(pin["uri"].as_str().is_some_and(|uri| uri.ends_with("/packages.nix")), "{pin}");
            assert_eq!(pin["range"]["start"], json!({ "line": 0, "character": 2 }), "{pin}");
        }
        assert_eq!(back(0), Value::Null);

        let copy = places[1]["uri"].as_str().and_then(|uri| uri.strip_prefix("file://"));
        let copy = PathBuf::from(copy.expect("a file"));
        assert!(copy.ends_with("pkgs/nodejs/default.nix"), "{}", copy.display());
        let text = fs::read_to_string(&copy).expect("it is there");
        assert!(text.contains("1.0") && !text.contains("2.0"), "{text}");
        let line = places[1]["range"]["start"]["line"].as_u64().expect("a line");
        let line = text.lines().nth(usize::try_from(line).expect("it is small"));
        assert!(line.is_some_and(|line| line.contains("version = \"1.0\"")), "{line:?}");
        let writable = !fs::metadata(&copy).expect("it is there").permissions().readonly();
        assert!(!writable, "to change it would change nothing");
    }
    assert_eq!(world.definition(0), Value::Null);
    world.client.stop();
}

#[test]
fn a_client_that_shows_texts_of_servers_asks_for_them() {
    let capabilities = json!({ "textDocument": { "definition": { "linkSupport": true } } });
    let mut world = World::new(PINS, capabilities, json!({ "virtualDocuments": true }));
    world.open();
    let link = world.definition(13)[0].take();
    let uri = link["targetUri"].as_str().expect("a URI").to_owned();
    assert!(
        uri.starts_with("nix-archiver:/") && uri.ends_with("/pkgs/nodejs/default.nix"),
        "{uri}"
    );
    assert_eq!(link["originSelectionRange"]["start"]["character"], 11);
    let text = world.client.call("nix-archiver/source", json!({ "uri": uri }));
    assert!(text["text"].as_str().is_some_and(|text| text.contains("version = \"1.0\"")), "{text}");
    let no_commit = format!("nix-archiver:/{}/default.nix", "ab".repeat(20));
    for (uri, says) in [
        (uri.replace("default.nix", "no.nix"), "no such file"),
        (no_commit, "abababababab"),
        ("nix-archiver:/xyz/default.nix".to_owned(), "COMMIT/PATH"),
    ] {
        let id = world.client.request("nix-archiver/source", json!({ "uri": uri }));
        let error = world.client.answer(id).expect_err(says);
        assert!(error["message"].as_str().is_some_and(|text| text.contains(says)), "{error}");
    }
    world.client.stop();
}

#[test]
fn problems_point_into_the_lock_and_the_client_is_asked_to_watch_it() {
    let capabilities = json!({
        "textDocument": { "publishDiagnostics": { "relatedInformation": true } },
        "workspace": { "didChangeWatchedFiles": {
            "dynamicRegistration": true, "relativePatternSupport": true,
        } },
    });
    let mut world = World::new(PINS, capabilities, json!({}));
    let asked = world.client.wait("a registration", PATIENCE, |message| {
        message["method"] == "client/registerCapability"
            && message["params"]["registrations"][0]["id"] == "files"
    });
    let watched = &asked["params"]["registrations"][0];
    assert_eq!(watched["method"], "workspace/didChangeWatchedFiles");
    let watchers = &watched["registerOptions"]["watchers"];
    assert_eq!(watchers[0]["globPattern"], "**/packages.lock");
    let index = &watchers[1]["globPattern"];
    assert_eq!(index["baseUri"], world.uri("index"));
    let file = world.path("index").join(index["pattern"].as_str().expect("a name"));
    assert!(file.is_file(), "{}", file.display());

    world.lock();
    fs::write(world.path("packages.nix"), "{ nodejs = \"2.0\"; }\n").expect("it is ours");
    let uri = world.open();
    let mut problems = || {
        let message = world.client.wait("diagnostics", PATIENCE, |message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
        });
        message["params"]["diagnostics"].clone()
    };
    let stale = problems();
    assert_eq!(stale[0]["code"], "lock-stale", "{stale}");
    let there = &stale[0]["relatedInformation"][0];
    assert_eq!(there["message"], "`nodejs` is locked here");
    assert!(there["location"]["uri"].as_str().is_some_and(|uri| uri.ends_with("packages.lock")));
    world.client.stop();
}
