//! Requests that take long, and requests that fail, beside others: over streams in memory, with an
//! index that is slow or panics where it is told to.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use model::{
    AttrPath, Commit, CommitId, Facts, IndexStatus, MemorySource, Package, PackageSource, Release,
    SourceError, Span, Summary,
};
use nix_archiver_lsp::{Config, Nixpkgs, OpenSource, serve};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream},
    task::JoinHandle,
    time::{sleep, timeout},
};

/// How long the package `slow` takes.
const SLOW: Duration = Duration::from_millis(1500);

/// An index in which asking for `slow` takes long, and asking for `panics` panics.
struct Odd {
    packages: MemorySource,
    asked: Arc<AtomicUsize>,
}

impl Odd {
    fn new(asked: Arc<AtomicUsize>) -> Self {
        let commit = Commit { id: CommitId([7; 20]), date: 1_500_000_000 };
        let span = Span { branch: Arc::from("b"), first: commit, last: commit, open: true };
        let package = |name: &str| Package {
            attr_path: AttrPath::top(name),
            alias_of: None,
            releases: vec![Release {
                version: "1".to_owned(),
                facts: Facts::default(),
                spans: vec![span.clone()],
            }],
        };
        Self { packages: MemorySource::new(["slow", "fast", "panics"].map(package)), asked }
    }
}

impl PackageSource for Odd {
    fn by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Summary>, SourceError> {
        self.packages.by_prefix(prefix, limit)
    }

    fn by_similar_name(&self, n: &str, e: u8, limit: usize) -> Result<Vec<Summary>, SourceError> {
        self.packages.by_similar_name(n, e, limit)
    }

    fn by_words(&self, query: &str, limit: usize) -> Result<Vec<Summary>, SourceError> {
        self.packages.by_words(query, limit)
    }

    fn package(&self, path: &AttrPath) -> Result<Option<Package>, SourceError> {
        match path.as_str() {
            "slow" => {
                self.asked.fetch_add(1, SeqCst);
                std::thread::sleep(SLOW);
            }
            "panics" => panic!("this is the test of a panic"),
            _ => {}
        }
        self.packages.package(path)
    }

    fn status(&self) -> Result<IndexStatus, SourceError> {
        self.packages.status()
    }
}

/// A clone of nixpkgs that has nothing.
struct NoClone;

impl Nixpkgs for NoClone {
    fn nar_hash(&self, commit: CommitId) -> Result<String, String> {
        Err(format!("{commit} is not there"))
    }

    fn file(&self, _: CommitId, _: &str) -> Result<Option<String>, String> {
        Ok(None)
    }
}

fn config(open_source: Arc<OpenSource>) -> Config {
    let open_nixpkgs = Arc::new(|_: &std::path::Path| Arc::new(NoClone) as Arc<dyn Nixpkgs>);
    Config {
        open_source,
        open_nixpkgs,
        index: None,
        cache: None,
        version: "0".to_owned(),
        give_back: || {},
    }
}

struct Session {
    to_server: Option<DuplexStream>,
    from_server: BufReader<DuplexStream>,
    server: JoinHandle<u8>,
    kept: Vec<Value>,
}

impl Session {
    async fn start(config: Config) -> Self {
        let (to_server, input) = tokio::io::duplex(1 << 20);
        let (output, from_server) = tokio::io::duplex(1 << 20);
        let server = tokio::spawn(serve(config, input, output));
        let from_server = BufReader::new(from_server);
        let mut session =
            Self { to_server: Some(to_server), from_server, server, kept: Vec::new() };
        // A client that pulls: then no diagnostics are worked out unasked.
        let capabilities = json!({ "textDocument": { "diagnostic": {} } });
        // The index of these tests is old on purpose.
        let options = json!({ "index.oldAfterDays": 0 });
        let hello = json!({
            "processId": null, "rootUri": null, "capabilities": capabilities,
            "initializationOptions": options,
        });
        session.request(1, "initialize", hello).await;
        session.answer(1).await;
        session.send(json!({ "method": "initialized", "params": {} })).await;
        session
    }

    async fn with_odd_index() -> (Self, Arc<AtomicUsize>) {
        Self::with_odd_index_and(|| {}).await
    }

    async fn with_odd_index_and(give_back: fn()) -> (Self, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = asked.clone();
        let open_source =
            Arc::new(move || Ok(Arc::new(Odd::new(counter.clone())) as Arc<dyn PackageSource>));
        (Self::start(Config { give_back, ..config(open_source) }).await, asked)
    }

    async fn open(&mut self, name: &str) {
        let text = format!("{{ {name} = \"1\"; }}");
        let uri = format!("file:///{name}/packages.nix");
        let file = json!({ "uri": uri, "languageId": "nix", "version": 1, "text": text });
        self.send(json!({ "method": "textDocument/didOpen", "params": { "textDocument": file } }))
            .await;
    }

    async fn hover(&mut self, id: i64, name: &str) {
        let uri = format!("file:///{name}/packages.nix");
        let at = json!({
            "textDocument": { "uri": uri }, "position": { "line": 0, "character": 3 },
        });
        self.request(id, "textDocument/hover", at).await;
    }

    async fn request(&mut self, id: i64, method: &str, params: Value) {
        self.send(json!({ "id": id, "method": method, "params": params })).await;
    }

    async fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        let text = message.to_string();
        let text = format!("Content-Length: {}\r\n\r\n{text}", text.len());
        let to_server = self.to_server.as_mut().expect("the input is open");
        to_server.write_all(text.as_bytes()).await.expect("the server reads");
    }

    async fn answer(&mut self, id: i64) -> Value {
        if let Some(at) = self.kept.iter().position(|message| message["id"] == id) {
            return self.kept.remove(at);
        }
        loop {
            let message = timeout(Duration::from_secs(20), self.message()).await;
            let message = message.expect("the server answers");
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
            self.kept.push(message);
        }
    }

    /// What was said of long work up to its end.
    async fn progress(&mut self, token: &str) -> Vec<Value> {
        let mut told = Vec::new();
        let mut kept = std::mem::take(&mut self.kept).into_iter();
        loop {
            let message = match kept.next() {
                Some(message) => message,
                None => timeout(Duration::from_secs(20), self.message()).await.expect("it ends"),
            };
            if message["method"] != "$/progress" || message["params"]["token"] != token {
                continue;
            }
            let value = message["params"]["value"].clone();
            let ends = value["kind"] == "end";
            told.push(value);
            if ends {
                return told;
            }
        }
    }

    async fn message(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.from_server.read_line(&mut line).await.expect("the server writes text");
            match line.trim_end().strip_prefix("Content-Length: ") {
                Some(number) => length = number.parse().expect("a number"),
                None if line.trim_end().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        self.from_server.read_exact(&mut body).await.expect("the server writes all of it");
        serde_json::from_slice(&body).expect("the server writes JSON")
    }

    async fn ended(self) -> u8 {
        let Self { server, to_server, .. } = self;
        let code = timeout(Duration::from_secs(20), server).await;
        drop(to_server);
        code.expect("the server ends").expect("the server does not panic")
    }
}

/// More slow requests than there are threads for them, and than the library has slots by default.
const MANY: i64 = 12;

#[tokio::test(flavor = "multi_thread")]
async fn requests_without_index_work_are_quick_beside_many_slow_ones() {
    let (mut session, _) = Session::with_odd_index().await;
    session.open("slow").await;
    for id in 100..100 + MANY {
        session.hover(id, "slow").await;
    }
    let start = Instant::now();
    session.hover(2, "closed").await;
    assert_eq!(session.answer(2).await["result"], Value::Null);
    assert!(start.elapsed() < SLOW / 3, "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quick_request_passes_a_slow_one() {
    let (mut session, _) = Session::with_odd_index().await;
    session.open("slow").await;
    session.open("fast").await;
    session.hover(100, "slow").await;
    session.hover(101, "slow").await;
    let start = Instant::now();
    session.hover(2, "fast").await;
    assert!(session.answer(2).await["result"].is_object());
    assert!(start.elapsed() < SLOW / 3, "{:?}", start.elapsed());
    assert!(session.answer(101).await["result"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quick_request_passes_much_long_work() {
    let (mut session, _) = Session::with_odd_index().await;
    session.open("slow").await;
    session.open("fast").await;
    let align = json!({
        "command": "nix-archiver.align", "arguments": ["file:///slow/packages.nix"],
    });
    for id in 100..100 + MANY {
        session.request(id, "workspace/executeCommand", align.clone()).await;
    }
    let start = Instant::now();
    session.hover(2, "fast").await;
    assert!(session.answer(2).await["result"].is_object());
    assert!(start.elapsed() < SLOW / 3, "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_given_back_once_the_client_is_quiet() {
    static GIVEN: AtomicUsize = AtomicUsize::new(0);
    let (mut session, _) = Session::with_odd_index_and(|| _ = GIVEN.fetch_add(1, SeqCst)).await;
    session.open("fast").await;
    for id in 100..105 {
        session.hover(id, "fast").await;
        assert!(session.answer(id).await["result"].is_object());
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(GIVEN.load(SeqCst), 0, "it was not quiet yet");
    sleep(Duration::from_secs(4)).await;
    assert_eq!(GIVEN.load(SeqCst), 1);
    sleep(Duration::from_secs(4)).await;
    assert_eq!(GIVEN.load(SeqCst), 1, "nothing was asked since");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_is_answered_at_once_and_not_begun() {
    let (mut session, asked) = Session::with_odd_index().await;
    session.open("slow").await;
    for id in 100..100 + MANY {
        session.hover(id, "slow").await;
    }
    let start = Instant::now();
    for id in 100..100 + MANY {
        session.send(json!({ "method": "$/cancelRequest", "params": { "id": id } })).await;
    }
    for id in 100..100 + MANY {
        assert_eq!(session.answer(id).await["error"]["code"], -32800);
    }
    assert!(start.elapsed() < SLOW / 3, "{:?}", start.elapsed());
    sleep(SLOW * 2).await;
    assert!(asked.load(SeqCst) <= 8, "{} were begun", asked.load(SeqCst));
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_and_exit_do_not_wait_for_slow_requests() {
    let (mut session, _) = Session::with_odd_index().await;
    session.open("slow").await;
    session.hover(100, "slow").await;
    session.request(2, "shutdown", Value::Null).await;
    session.send(json!({ "method": "exit" })).await;
    let start = Instant::now();
    assert_eq!(session.ended().await, 0);
    assert!(start.elapsed() < SLOW / 2, "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_input_ends_it_after_what_is_running() {
    let (mut session, _) = Session::with_odd_index().await;
    session.open("slow").await;
    session.hover(100, "slow").await;
    session.to_server = None;
    assert_eq!(session.ended().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_an_error_of_its_request_and_the_server_lives() {
    let (mut session, _) = Session::with_odd_index().await;
    session.open("panics").await;
    session.open("fast").await;
    for id in 10..20 {
        session.hover(id, "panics").await;
        assert_eq!(session.answer(id).await["error"]["code"], -32603);
        session.hover(id + 100, "fast").await;
        assert!(session.answer(id + 100).await["result"].is_object());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_fails_to_open_is_tried_again() {
    let tries = Arc::new(AtomicUsize::new(0));
    let (counter, place) = (tries.clone(), "here".to_owned());
    let open_source = Arc::new(move || match counter.fetch_add(1, SeqCst) {
        0 => Err(SourceError::Missing(place.clone())),
        1 => panic!("this is the test of a panic"),
        _ => Ok(Arc::new(Odd::new(Arc::default())) as Arc<dyn PackageSource>),
    });
    let mut session = Session::start(config(open_source)).await;
    session.open("fast").await;
    let pull = json!({ "textDocument": { "uri": "file:///fast/packages.nix" } });
    session.request(2, "textDocument/diagnostic", pull.clone()).await;
    let report = session.answer(2).await;
    assert_eq!(report["result"]["items"][0]["code"], "index-missing", "{report}");
    let mut id = 3;
    let back = async {
        loop {
            sleep(Duration::from_millis(200)).await;
            session.request(id, "textDocument/diagnostic", pull.clone()).await;
            let report = session.answer(id).await;
            if report["result"]["items"] == json!([]) {
                return;
            }
            id += 1;
        }
    };
    timeout(Duration::from_secs(15), back).await.expect("the index is opened in the end");
    assert_eq!(tries.load(SeqCst), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_unknown_while_the_index_is_being_opened() {
    let open_source = Arc::new(|| {
        std::thread::sleep(Duration::from_secs(14));
        Ok(Arc::new(Odd::new(Arc::default())) as Arc<dyn PackageSource>)
    });
    let mut session = Session::start(config(open_source)).await;
    session.open("nosuch").await;
    let pull = json!({ "textDocument": { "uri": "file:///nosuch/packages.nix" } });
    session.request(2, "textDocument/diagnostic", pull.clone()).await;
    assert_eq!(session.answer(2).await["result"]["items"], json!([]), "after some patience");
    session.request(3, "textDocument/diagnostic", pull).await;
    assert_eq!(session.answer(3).await["result"]["items"][0]["code"], "unknown-package");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_work_shows_how_far_it_is_and_can_be_ended() {
    let (mut session, asked) = Session::with_odd_index().await;
    let file = "file:///slow/packages.nix";
    let text = "{ fast = \"1\"; slow = \"1\"; }";
    let item = json!({ "uri": file, "languageId": "nix", "version": 1, "text": text });
    let open = json!({ "textDocument": item });
    session.send(json!({ "method": "textDocument/didOpen", "params": open })).await;
    let align = json!({
        "command": "nix-archiver.align", "arguments": [file], "workDoneToken": "mine",
    });
    // To its end: both pins, twice each.
    session.request(2, "workspace/executeCommand", align.clone()).await;
    assert_eq!(session.answer(2).await["result"]["edits"], 0);
    let told = session.progress("mine").await;
    assert_eq!((&told[0]["kind"], &told[0]["cancellable"]), (&json!("begin"), &json!(true)));
    let percent = |value: &Value| value["percentage"].as_u64().unwrap_or(100);
    assert!(told.iter().map(percent).is_sorted(), "{told:?}");
    assert!(told.iter().any(|value| value["kind"] == "report"), "{told:?}");
    assert_eq!(told[told.len() - 1]["kind"], "end");
    assert_eq!(asked.load(SeqCst), 2);

    // Ended by the user in the middle: what is asked of the index by then is all that is asked.
    session.request(3, "workspace/executeCommand", align.clone()).await;
    sleep(SLOW / 2).await;
    let token = json!({ "token": "mine" });
    session.send(json!({ "method": "window/workDoneProgress/cancel", "params": token })).await;
    assert_eq!(session.answer(3).await["error"]["code"], -32800);
    assert_eq!(asked.load(SeqCst), 3);

    // Taken back by the client.
    session.request(4, "workspace/executeCommand", align).await;
    sleep(SLOW / 2).await;
    session.send(json!({ "method": "$/cancelRequest", "params": { "id": 4 } })).await;
    assert_eq!(session.answer(4).await["error"]["code"], -32800);
    sleep(SLOW * 3).await;
    assert_eq!(asked.load(SeqCst), 4);
}
