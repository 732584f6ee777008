//! The language server as a child process, and the little of its protocol that the demo needs
//! (<https://microsoft.github.io/language-server-protocol/>).

use std::{
    collections::HashSet,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{Result, exec};

/// How long an answer may take before the demo gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server.
pub struct Server {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    kept: Vec<Value>,
    open: HashSet<String>,
    last_id: i64,
}

impl Server {
    /// Starts the server, with a home of its own, and greets it.
    pub fn start(program: &Path, home: &Path) -> Result<Self> {
        let mut command = exec::command(program, &["lsp"]);
        super::at_home(&mut command, home);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("cannot start {}: {e}", program.display()))?;
        let input = child.stdin.take().expect("standard input was piped above");
        let output = child.stdout.take().expect("standard output was piped above");
        let (send, messages) = mpsc::channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read_message(&mut output) {
                if send.send(message).is_err() {
                    return;
                }
            }
        });
        let mut server =
            Self { child, input, messages, kept: Vec::new(), open: HashSet::new(), last_id: 0 };
        server.request(
            "initialize",
            json!({
                "processId": std::process::id(),
                "rootUri": null,
                "capabilities": {
                    "textDocument": {
                        "completion": {
                            "completionItem": {
                                "snippetSupport": true,
                                "labelDetailsSupport": true,
                                "documentationFormat": ["markdown"],
                            },
                        },
                        "hover": { "contentFormat": ["markdown"] },
                        "codeAction": {
                            "codeActionLiteralSupport": {
                                "codeActionKind": { "valueSet": ["quickfix"] },
                            },
                        },
                        "publishDiagnostics": { "codeDescriptionSupport": true },
                    },
                },
            }),
        )?;
        server.notify("initialized", json!({}))?;
        Ok(server)
    }

    /// Opens a document with this text; one that is open is closed first.
    pub fn open(&mut self, uri: &str, text: &str) -> Result {
        if !self.open.insert(uri.to_owned()) {
            self.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }))?;
        }
        let document = json!({ "uri": uri, "languageId": "nix", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }))
    }

    /// Asks, and waits for the answer.
    pub fn request(&mut self, method: &str, params: Value) -> Result<Value> {
        self.last_id += 1;
        let id = self.last_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        let mut answer =
            self.wait(method, |message| message["id"] == id && message.get("method").is_none())?;
        match answer.get("error") {
            None => Ok(answer["result"].take()),
            Some(error) => Err(format!("the server refused {method}: {error}")),
        }
    }

    /// The problems that the server reports of a document, once it does.
    pub fn problems(&mut self, uri: &str) -> Result<Vec<Value>> {
        let message = self.wait("diagnostics", |message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
        })?;
        Ok(message["params"]["diagnostics"].as_array().cloned().unwrap_or_default())
    }

    /// Says goodbye in the way of the protocol.
    pub fn stop(mut self) -> Result {
        self.request("shutdown", Value::Null)?;
        self.notify("exit", Value::Null)?;
        let status =
            self.child.wait().map_err(|e| format!("the server cannot be waited for: {e}"))?;
        if status.success() { Ok(()) } else { Err(format!("the server ended with {status}")) }
    }

    fn notify(&mut self, method: &str, params: Value) -> Result {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    fn send(&mut self, message: &Value) -> Result {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len())
            .and_then(|()| self.input.flush())
            .map_err(|e| format!("the server does not listen: {e}"))
    }

    /// The first message that is `wanted`. Others are kept for later, and the server's own requests
    /// are answered with nothing, as an editor without that feature does.
    fn wait(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        if let Some(at) = self.kept.iter().position(&wanted) {
            return Ok(self.kept.remove(at));
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let message = self.messages.recv_timeout(left).map_err(|_| {
                format!("the server gave no answer to {what} within {} s", PATIENCE.as_secs())
            })?;
            if wanted(&message) {
                return Ok(message);
            }
            if message.get("id").is_some() && message.get("method").is_some() {
                self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": null }))?;
            } else {
                self.kept.push(message);
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After `stop` it is gone already, and then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_message(output: &mut impl BufRead) -> Option<Value> {
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
    serde_json::from_slice(&body).ok()
}
