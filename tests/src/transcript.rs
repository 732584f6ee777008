//! Sessions of real editors with the server, written down so that they can be gone through again
//! without the editor. A transcript is lines of JSON, each a [`Line`]: what the client said as it said
//! it, and of what the server said as much as has to stay so.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::lsp_client::{codes, labels};

/// One thing that was said.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// The client asked or told.
    Client(Value),
    /// The client replied with this result to a question of the server by this method.
    Reply(String, Value),
    /// The server answered the client's question of this id.
    Answer(Value, Held),
    /// The server pushed diagnostics with these codes, for a file at a version.
    Pushed {
        /// The URI of the file.
        uri: String,
        /// Its version.
        version: Value,
        /// The codes.
        codes: Vec<String>,
    },
}

/// What an answer held.
#[derive(Debug, Clone, PartialEq)]
pub enum Held {
    /// An error.
    Error,
    /// Something, of which this has to stay so; null if nothing has to.
    Result(Value),
}

/// What of an answer to a method has to stay so: what the server can do, the labels of a list, the
/// codes of diagnostics, the titles of actions, and whether there is anything to hover over.
pub fn essence(method: &str, result: &Value) -> Value {
    match method {
        "initialize" => result["capabilities"].clone(),
        "textDocument/completion" => json!(labels(result)),
        // Whether there is news depends on what came in between.
        "textDocument/diagnostic" if result["kind"] == "full" => {
            json!(codes(result["items"].as_array().map(Vec::as_slice).unwrap_or_default()))
        }
        "textDocument/codeAction" => {
            let titles = result.as_array().map(Vec::as_slice).unwrap_or_default();
            json!(titles.iter().map(|action| action["title"].clone()).collect::<Vec<_>>())
        }
        "textDocument/hover" => json!(!result.is_null()),
        _ => Value::Null,
    }
}

/// Makes lines of messages as they pass.
#[derive(Default)]
pub struct Writer {
    /// The methods of the client's questions that are open, by their ids as text.
    asked: HashMap<String, String>,
    /// The same of the server's.
    asked_by_server: HashMap<String, String>,
}

impl Writer {
    /// The line of a message that the client sent.
    pub fn client(&mut self, message: &Value) -> Line {
        let id = message["id"].to_string();
        match message["method"].as_str() {
            Some(method) => {
                if message.get("id").is_some() {
                    self.asked.insert(id, method.to_owned());
                }
                Line::Client(message.clone())
            }
            None => {
                let method = self.asked_by_server.remove(&id).unwrap_or_default();
                Line::Reply(method, message["result"].clone())
            }
        }
    }

    /// The line of a message that the server sent, if it is one that has to stay so.
    pub fn server(&mut self, message: &Value) -> Option<Line> {
        let id = || message["id"].to_string();
        match message["method"].as_str() {
            Some("textDocument/publishDiagnostics") => {
                let params = &message["params"];
                Some(Line::Pushed {
                    uri: params["uri"].as_str().unwrap_or_default().to_owned(),
                    version: params["version"].clone(),
                    codes: codes(params["diagnostics"].as_array().map_or(&[], Vec::as_slice)),
                })
            }
            Some(method) => {
                if message.get("id").is_some() {
                    self.asked_by_server.insert(id(), method.to_owned());
                }
                None
            }
            None => {
                let method = self.asked.remove(&id())?;
                let held = match message.get("error") {
                    Some(_) => Held::Error,
                    None => Held::Result(essence(&method, &message["result"])),
                };
                Some(Line::Answer(message["id"].clone(), held))
            }
        }
    }
}

impl Line {
    /// The line as JSON.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Client(message) => json!({ "client": message }),
            Self::Reply(method, result) => json!({ "replyTo": method, "result": result }),
            Self::Answer(id, Held::Error) => json!({ "answerTo": id, "error": true }),
            Self::Answer(id, Held::Result(holds)) => json!({ "answerTo": id, "holds": holds }),
            Self::Pushed { uri, version, codes } => {
                json!({ "pushed": uri, "version": version, "codes": codes })
            }
        }
    }

    /// Reads what [`Self::to_json`] made; `None` if it is something else.
    pub fn from_json(line: &Value) -> Option<Self> {
        if let Some(message) = line.get("client") {
            return Some(Self::Client(message.clone()));
        }
        if let Some(method) = line.get("replyTo") {
            return Some(Self::Reply(method.as_str()?.to_owned(), line["result"].clone()));
        }
        if let Some(id) = line.get("answerTo") {
            let held = match line.get("error") {
                Some(_) => Held::Error,
                None => Held::Result(line["holds"].clone()),
            };
            return Some(Self::Answer(id.clone(), held));
        }
        let codes = line["codes"].as_array()?.iter();
        Some(Self::Pushed {
            uri: line["pushed"].as_str()?.to_owned(),
            version: line["version"].clone(),
            codes: codes.map(|code| code.as_str().map(str::to_owned)).collect::<Option<_>>()?,
        })
    }
}
