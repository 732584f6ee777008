//! A client of the language server: a child process and the protocol over its pipes, in the plain
//! and with nothing hidden, so that tests can also say things that no editor would.

use std::{
    collections::{HashMap, VecDeque},
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// How long an answer may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The URI of the file that most tests open.
pub const FILE: &str = "file:///project/packages.nix";

/// The server's program, as it was built beside the tests.
///
/// # Panics
/// If it was not built.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own program");
    let dirs = test.ancestors().skip(1);
    let name = format!("nix-archiver{}", std::env::consts::EXE_SUFFIX);
    let found = dirs.map(|dir| dir.join(&name)).find(|program| program.is_file());
    found.expect("the program is built first: cargo build --release --package nix-archiver")
}

/// A running server and everything that it said.
pub struct Client {
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    kept: VecDeque<Value>,
    errors: Option<thread::JoinHandle<String>>,
    next_id: i64,
    /// Whether requests of the server are answered.
    pub answers: bool,
    /// What they are answered with, by their methods, in their order; with null beyond that.
    pub replies: HashMap<String, VecDeque<Value>>,
}

impl Client {
    /// Starts the server on the index in a directory. Nothing is said yet.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(index: &Path) -> Self {
        let mut server = Command::new(program());
        server
            .arg("lsp")
            .env("NIX_ARCHIVER_INDEX", index)
            // The starter index, where a test needs it, goes beside the index and nowhere else.
            .env("HOME", index.with_file_name("home"))
            .env_remove("XDG_CACHE_HOME")
            .env_remove("XDG_DATA_HOME");
        Self::start_program(server)
    }

    /// Starts any language server. Nothing is said yet.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start_program(mut server: Command) -> Self {
        let mut child = server
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let input = child.stdin.take();
        let output = child.stdout.take().expect("standard output was piped");
        let mut errors = child.stderr.take().expect("standard error was piped");
        let (send, messages) = mpsc::channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read_message(&mut output) {
                if send.send(message).is_err() {
                    return;
                }
            }
        });
        let errors = thread::spawn(move || {
            let mut text = String::new();
            // What is no UTF-8 ends the text; it is only shown to a person.
            let _ = errors.read_to_string(&mut text);
            text
        });
        Self {
            child,
            input,
            messages,
            kept: VecDeque::new(),
            errors: Some(errors),
            next_id: 1,
            answers: true,
            replies: HashMap::new(),
        }
    }

    /// Starts the server and says hello with these capabilities.
    pub fn greet(index: &Path, capabilities: Value) -> Self {
        let mut client = Self::start(index);
        client.hello(capabilities);
        client
    }

    /// Says hello; returns what the server can do. The indexes of tests are old on purpose, and that
    /// is not to be reported.
    pub fn hello(&mut self, capabilities: Value) -> Value {
        self.hello_with(capabilities, json!({ "index": { "oldAfterDays": 0 } }))
    }

    /// Says hello with these `initializationOptions`; returns what the server can do.
    pub fn hello_with(&mut self, capabilities: Value, options: Value) -> Value {
        let hello = json!({
            "processId": std::process::id(), "rootUri": null, "capabilities": capabilities,
            "initializationOptions": options,
        });
        let answer = self.call("initialize", hello);
        self.notify("initialized", json!({}));
        answer["capabilities"].clone()
    }

    /// Opens [`FILE`].
    pub fn open(&mut self, text: &str) {
        self.open_as(FILE, text);
    }

    /// Opens a file.
    pub fn open_as(&mut self, uri: &str, text: &str) {
        let file = json!({ "uri": uri, "languageId": "nix", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": file }));
    }

    /// Replaces the whole of [`FILE`].
    pub fn replace(&mut self, version: i64, text: &str) {
        self.change(version, json!([{ "text": text }]));
    }

    /// Changes [`FILE`].
    pub fn change(&mut self, version: i64, changes: Value) {
        let file = json!({ "uri": FILE, "version": version });
        let params = json!({ "textDocument": file, "contentChanges": changes });
        self.notify("textDocument/didChange", params);
    }

    /// Asks about a position of [`FILE`].
    pub fn at(&mut self, method: &str, line: u32, character: u32) -> Value {
        self.call(method, position(line, character))
    }

    /// Asks, and waits for the answer.
    ///
    /// # Panics
    /// If the answer is an error or does not come.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        self.answer(id).unwrap_or_else(|error| panic!("{method} was refused: {error}"))
    }

    /// Asks, without waiting; returns the id of the question.
    pub fn request(&mut self, method: &str, params: Value) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// The answer to a question: its result, or its error.
    ///
    /// # Errors
    /// The error that the server answered with.
    ///
    /// # Panics
    /// If it does not come.
    pub fn answer(&mut self, id: i64) -> Result<Value, Value> {
        let mut message =
            self.wait(&format!("the answer to {id}"), PATIENCE, |message| is_answer(message, id));
        match message.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(message["result"].take()),
        }
    }

    /// Says something that needs no answer.
    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a message of any kind.
    pub fn send(&mut self, message: &Value) {
        self.send_raw(&message.to_string());
    }

    /// Sends a text as a message.
    pub fn send_raw(&mut self, text: &str) {
        let input = self.input.as_mut().expect("the input is not closed yet");
        // A server that has ended cannot be written to; the test sees that by its answers.
        let _ = write_message(input, text);
    }

    /// The diagnostics that are pushed for [`FILE`] at a version.
    pub fn pushed(&mut self, version: i64) -> Vec<Value> {
        let message = self.wait("diagnostics", PATIENCE, |message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == FILE
                && message["params"]["version"] == version
        });
        message["params"]["diagnostics"].as_array().cloned().unwrap_or_default()
    }

    /// Whether the server says nothing with this method for a while.
    pub fn is_silent(&mut self, method: &str, time: Duration) -> bool {
        self.poll(time, |message| message["method"] == method).is_none()
    }

    /// The first message that is wanted, among those that came already and those to come.
    ///
    /// # Panics
    /// If it does not come in time.
    pub fn wait(&mut self, what: &str, time: Duration, wanted: impl Fn(&Value) -> bool) -> Value {
        match self.poll(time, wanted) {
            Some(message) => message,
            None => panic!("{what} did not come; what came: {:?}", self.kept),
        }
    }

    /// The same, or `None` if it does not come in time.
    pub fn poll(&mut self, time: Duration, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        if let Some(at) = self.kept.iter().position(&wanted) {
            return self.kept.remove(at);
        }
        let deadline = Instant::now() + time;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let message = match self.messages.recv_timeout(left) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            };
            let asks = message.get("id").is_some() && message.get("method").is_some();
            if asks && self.answers {
                let replies = message["method"].as_str().and_then(|m| self.replies.get_mut(m));
                let reply = replies.and_then(VecDeque::pop_front).unwrap_or_default();
                let answer = json!({ "jsonrpc": "2.0", "id": message["id"], "result": reply });
                self.send(&answer);
            }
            if wanted(&message) {
                return Some(message);
            }
            self.kept.push_back(message);
        }
    }

    /// Closes the server's input.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// Waits until the server has ended; returns how and after how long.
    ///
    /// # Panics
    /// If it does not end.
    pub fn ended(&mut self) -> (ExitStatus, Duration) {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return (status, start.elapsed());
            }
            thread::sleep(Duration::from_millis(2));
        }
        panic!("the server does not end");
    }

    /// Says goodbye in the way of the protocol; returns what the server wrote to standard error.
    ///
    /// # Panics
    /// If the server does not end well.
    pub fn stop(mut self) -> String {
        self.call("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        let (status, _) = self.ended();
        assert!(status.success(), "the server ended with {status}");
        let errors = self.errors.take().expect("the errors are taken once");
        errors.join().expect("reading cannot fail")
    }

    /// How much memory the server holds, in bytes, where the system tells.
    pub fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // After `stop` it is gone already, and then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The parameters of a question about a position of [`FILE`].
pub fn position(line: u32, character: u32) -> Value {
    json!({
        "textDocument": { "uri": FILE },
        "position": { "line": line, "character": character },
    })
}

/// The labels of a completion list.
pub fn labels(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["label"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The codes of diagnostics.
pub fn codes(diagnostics: &[Value]) -> Vec<String> {
    let code = |one: &Value| one["code"].as_str().unwrap_or_default().to_owned();
    diagnostics.iter().map(code).collect()
}

fn is_answer(message: &Value, id: i64) -> bool {
    message["id"] == id && message.get("method").is_none()
}

/// Writes a message with its header.
///
/// # Errors
/// If nobody reads.
pub fn write_message(to: &mut impl Write, text: &str) -> std::io::Result<()> {
    write!(to, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    to.flush()
}

/// Reads a message; `None` at the end.
///
/// # Panics
/// If what follows the header is no JSON: that must not pass for silence.
pub fn read_message(output: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("Content-Length") => {
                length = value.parse().ok();
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length?];
    output.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).expect("a message is JSON and nothing else"))
}
