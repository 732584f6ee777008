//! The language server over standard input and output: from a key to its answer, in a file of 50
//! pins and one of 5,000, on an index of a million versions.
//! `cargo bench -p nix-archiver-tests --bench language_server`.
//!
//! Each figure is a whole round trip as an editor sees it: the change is written to the server's
//! input, the question right behind it, and the clock stops when the answer was read.
//!
//! `PEER_LSP=PATH` names another language server for Nix, which is asked the same beside ours as far
//! as both answer it: an outline of the file.

#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

#[path = "../../crates/catalog/benches/synthetic/mod.rs"]
mod synthetic;

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use nix_archiver_tests::lsp_client::{Client, FILE, labels};
use serde_json::{Value, json};

/// How many round trips each figure is made of.
const ROUNDS: usize = 1000;

/// How often the server is started.
const STARTS: usize = 50;

/// How long after the last question a server has given back what it does not need.
const REST: Duration = Duration::from_secs(5);

/// How many edits are made to see whether memory grows.
const EDITS: usize = 100_000;

fn main() {
    // `cargo test --benches` runs this to see that it works; figures need the full count.
    let share = if std::env::args().any(|arg| arg == "--bench") { 1 } else { 50 };
    let index = synthetic::index(Path::new(env!("CARGO_TARGET_TMPDIR")));
    println!("{:<46} {:>9} {:>9} {:>9}", "", "median", "99 %", "most");
    starts(&index, STARTS / share);
    for pins in [50, 5000] {
        keys(&index, pins, ROUNDS / share);
        all_at_once(&index, pins, ROUNDS / share / 10);
    }
    growth(&index, EDITS / share);
    for pins in [50, 5000] {
        let ours = Client::start(&index);
        outline("outline", ours, pins, ROUNDS / share / 10);
        if let Some(peer) = std::env::var_os("PEER_LSP") {
            let peer = Client::start_program(Command::new(peer));
            outline("outline of the peer", peer, pins, ROUNDS / share / 10);
        }
    }
}

/// From the start of the process to the first completion list.
fn starts(index: &Path, rounds: usize) {
    let file = File::with_pins(50);
    let times = (0..rounds).map(|_| {
        let start = Instant::now();
        let mut client = Client::greet(index, capabilities());
        client.open(&file.text);
        let list = file.versions(&mut client);
        let time = start.elapsed();
        assert_eq!(labels(&list).len(), synthetic::MANY_VERSIONS as usize);
        client.stop();
        time
    });
    report("start of the process to first list, 50 pins", times.collect());
}

/// From a key to the answer.
fn keys(index: &Path, pins: u32, rounds: usize) {
    let mut client = Client::greet(index, capabilities());
    let mut file = File::with_pins(pins);
    client.open(&file.text);
    let mut figure = |name: &str, rounds: usize, ask: &dyn Fn(&mut Client, &File)| {
        let mut round = || {
            let start = Instant::now();
            file.press_key(&mut client);
            ask(&mut client, &file);
            start.elapsed()
        };
        // The first ones find cold caches, which an editor has behind it after a second.
        (0..=rounds / 20).for_each(|_| _ = round());
        let times = (0..rounds).map(|_| round());
        report(&format!("{name}, {pins} pins"), times.collect());
    };
    figure("key to list of 200 versions", rounds, &|client, file| {
        let list = file.versions(client);
        assert_eq!(labels(&list).len(), synthetic::MANY_VERSIONS as usize);
    });
    figure("key to list of names", rounds, &|client, file| {
        let list = client.at("textDocument/completion", file.name_line, 4);
        assert!(!labels(&list).is_empty());
    });
    figure("key to hover", rounds, &|client, _| {
        assert!(client.at("textDocument/hover", 3, 3).is_object());
    });
    figure("key to all diagnostics", rounds.div_ceil(10), &|client, _| {
        let of = json!({ "textDocument": { "uri": FILE } });
        let report = client.call("textDocument/diagnostic", of);
        assert_eq!(report["items"].as_array().map(Vec::len), Some(1), "one pin is wrong");
    });
    report_memory(&format!("resident memory, {pins} pins"), &client);
    client.stop();
}

/// From a key to the answers to all that an editor asks at once, and the memory behind it.
fn all_at_once(index: &Path, pins: u32, rounds: usize) {
    let mut client = Client::greet(index, capabilities());
    let mut file = File::with_pins(pins);
    client.open(&file.text);
    let mut round = || {
        let start = Instant::now();
        file.press_key(&mut client);
        let asked = file.all_that_is_shown(&mut client);
        asked.into_iter().for_each(|id| assert!(client.answer(id).is_ok()));
        start.elapsed()
    };
    (0..=rounds / 20).for_each(|_| _ = round());
    let times = (0..rounds).map(|_| round()).collect();
    report(&format!("key to all that is shown, {pins} pins"), times);
    report_memory(&format!("resident memory behind that, {pins} pins"), &client);
    std::thread::sleep(REST);
    report_memory(&format!("resident memory at rest, {pins} pins"), &client);
    client.stop();
}

/// How much memory many edits take that do not stay.
fn growth(index: &Path, edits: usize) {
    let mut client = Client::greet(index, capabilities());
    let mut file = File::with_pins(50);
    client.open(&file.text);
    let mut settle = |client: &mut Client, count: usize| {
        for n in 0..count {
            file.press_key(client);
            // Now and then an answer is waited for, so that no more piles up than in an editor.
            if n % 100 == 0 {
                client.at("textDocument/hover", 3, 3);
            }
        }
        client.at("textDocument/hover", 3, 3);
        client.memory()
    };
    // What is kept for good is kept after the first thousand.
    let before = settle(&mut client, 1000);
    let after = settle(&mut client, edits);
    if let (Some(before), Some(after)) = (before, after) {
        let grown = after.saturating_sub(before) >> 10;
        println!("{:<46} {grown:>6} kB", format!("memory grown over {edits} edits"));
    }
    client.stop();
}

/// From the start to the first outline, then from a key to the outline, and the memory of a server.
fn outline(name: &str, mut client: Client, pins: u32, rounds: usize) {
    let start = Instant::now();
    client.hello(capabilities());
    let mut file = File::with_pins(pins);
    client.open(&file.text);
    let of = json!({ "textDocument": { "uri": FILE } });
    let ask = |client: &mut Client| {
        let outline = client.call("textDocument/documentSymbol", of.clone());
        assert!(outline.as_array().is_some_and(|symbols| !symbols.is_empty()));
    };
    ask(&mut client);
    report(&format!("hello to first {name}, {pins} pins"), vec![start.elapsed()]);
    let times = (0..rounds.max(1)).map(|_| {
        let start = Instant::now();
        file.press_key(&mut client);
        ask(&mut client);
        start.elapsed()
    });
    report(&format!("key to {name}, {pins} pins"), times.collect());
    report_memory(&format!("resident memory, {name}, {pins} pins"), &client);
    // A peer may end in its own way: nothing is asked of how.
}

/// A file of pins that exist and one that does not, with a version to complete, a name to complete,
/// and a comment to type in.
struct File {
    text: String,
    version_line: u32,
    version_column: u32,
    name_line: u32,
    version: i64,
}

impl File {
    fn with_pins(pins: u32) -> Self {
        let mut text = "{\n".to_owned();
        // One path in a hundred has two hundred versions; the others have some.
        let paths = (1..).filter(|n| n % 100 != 0).map(synthetic::path).take(pins as usize);
        for path in paths {
            text += &format!("  {path} = \"0.0.1\";\n");
        }
        let version = format!("  {} = \"", synthetic::path(100));
        text += &format!("  unknown-to-all = \"1\";\n{version}\";\n  pl\n  # \n}}\n");
        Self {
            text,
            version_line: pins + 2,
            version_column: u32::try_from(version.len()).expect("it is short"),
            name_line: pins + 3,
            version: 1,
        }
    }

    /// The list of versions.
    fn versions(&self, client: &mut Client) -> Value {
        client.at("textDocument/completion", self.version_line, self.version_column)
    }

    /// Asks for everything that an editor asks for at a key, without waiting for answers.
    fn all_that_is_shown(&self, client: &mut Client) -> Vec<i64> {
        let file = json!({ "uri": FILE });
        let range = json!({
            "start": { "line": 0, "character": 0 }, "end": { "line": 60, "character": 0 },
        });
        let place = json!({ "line": self.version_line, "character": self.version_column });
        let asked = [
            ("completion", json!({ "textDocument": file, "position": place })),
            ("hover", json!({ "textDocument": file, "position": place })),
            ("diagnostic", json!({ "textDocument": file })),
            ("inlayHint", json!({ "textDocument": file, "range": range })),
            ("semanticTokens/range", json!({ "textDocument": file, "range": range })),
            ("codeLens", json!({ "textDocument": file })),
            ("documentSymbol", json!({ "textDocument": file })),
            ("documentLink", json!({ "textDocument": file })),
            ("foldingRange", json!({ "textDocument": file })),
            (
                "codeAction",
                json!({ "textDocument": file, "range": range, "context": { "diagnostics": [] } }),
            ),
        ];
        let ask = |(method, of)| client.request(&format!("textDocument/{method}"), of);
        asked.map(ask).into()
    }

    /// A key in the comment at the end.
    fn press_key(&mut self, client: &mut Client) {
        self.version += 1;
        let (end, key) = if self.version % 2 == 0 { (4, "k") } else { (5, "") };
        let line = self.name_line + 1;
        let range = json!({
            "start": { "line": line, "character": 4 },
            "end": { "line": line, "character": end },
        });
        client.change(self.version, json!([{ "range": range, "text": key }]));
    }
}

/// As far as it matters here, what VS Code says that it can do.
fn capabilities() -> Value {
    json!({
        "textDocument": {
            "completion": {
                "completionItem": { "snippetSupport": true, "labelDetailsSupport": true },
                "completionList": { "itemDefaults": ["editRange", "data"] },
            },
            "hover": { "contentFormat": ["markdown"] },
            "diagnostic": {},
        },
    })
}

fn report_memory(name: &str, client: &Client) {
    if let Some(memory) = client.memory() {
        println!("{name:<46} {:>6} MB", memory >> 20);
    }
}

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
    println!("{name:<46} {:>6.2} ms {:>6.2} ms {:>6.2} ms", at(50), at(99), at(100));
}
