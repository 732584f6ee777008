//! What the demo shows, scene by scene. Each fails if the server has nothing to show.

use serde_json::{Value, json};

use super::{
    draw::{self, Below, Look},
    server::Server,
};
use crate::{Result, exec};

/// How many entries of a list are on the screen.
const SHOWN: usize = 8;

/// The list of versions behind `nodejs = "`.
pub fn type_a_version(server: &mut Server) -> Result {
    draw::title("You type  nodejs = \"  in examples/web-service/packages.nix");
    let whole = Example::read("web-service")?;
    let at = whole.line_with("nodejs")?;
    let typed = "  nodejs = \"";
    let example = whole.with_line(at, typed);
    let list = suggestions(server, &example, at, typed.len())?;
    show_list(server, &example, at, typed.len(), &list, "versions")
}

/// The list of names on a new line.
pub fn type_a_name(server: &mut Server) -> Result {
    draw::title("You type  postgres  on a new line");
    let whole = Example::read("web-service")?;
    let at = whole.line_with("nodejs")? + 1;
    let typed = "  postgres";
    let example = whole.with_new_line(at, typed);
    let list = suggestions(server, &example, at, typed.len())?;
    show_list(server, &example, at, typed.len(), &list, "names")?;
    let first = &list[0];
    let text = first["textEdit"]["newText"].as_str().or(first["insertText"].as_str());
    if let Some(text) = text {
        println!("\nEnter writes  {}", draw::in_look(Look::Right, &without_stops(text)));
    }
    Ok(())
}

/// The hover over a pin.
pub fn hover(server: &mut Server) -> Result {
    draw::title("You point at the version of python3");
    let example = Example::read("web-service")?;
    server.open(&example.uri, &example.text())?;
    let at = example.line_with("python3")?;
    let column = example.lines[at].find('"').ok_or("python3 has no version in the example")? + 1;
    let hover = server.request("textDocument/hover", example.position(at, column))?;
    let text = hover["contents"]["value"].as_str().ok_or("the server had no hover for python3")?;
    let drawn = draw::panel(&without_markup(text), 76);
    draw::document(&example.lines, &[Below { line: at, column, drawn }]);
    Ok(())
}

/// The problems of a file with mistakes, and their fixes.
pub fn mistakes(server: &mut Server) -> Result {
    draw::title("You open examples/with-mistakes/packages.nix");
    let example = Example::read("with-mistakes")?;
    server.open(&example.uri, &example.text())?;
    let problems = server.problems(&example.uri)?;
    if problems.is_empty() {
        return Err("the server found no mistake in examples/with-mistakes".to_owned());
    }
    let mut below = Vec::new();
    for problem in &problems {
        let (start, end) = (&problem["range"]["start"], &problem["range"]["end"]);
        let (from, to) = (index(&start["character"]), index(&end["character"]));
        let message = problem["message"].as_str().unwrap_or_default();
        let code = problem["code"].as_str().unwrap_or_default();
        let fixes = fixes(server, &example, problem)?;
        if fixes.is_empty() {
            return Err(format!("the server offers no fix for {message:?}"));
        }
        let said = format!("{message} ({code})");
        let mut drawn = draw::squiggle(to.saturating_sub(from), &said, 76);
        drawn.extend(draw::list(&fixes, None));
        below.push(Below { line: index(&start["line"]), column: from, drawn });
    }
    draw::document(&example.lines, &below);
    Ok(())
}

/// A file of `examples/`.
struct Example {
    uri: String,
    lines: Vec<String>,
}

impl Example {
    fn read(name: &str) -> Result<Self> {
        let file = exec::root().join("examples").join(name).join("packages.nix");
        let text = std::fs::read_to_string(&file)
            .map_err(|e| format!("cannot read {}: {e}", file.display()))?;
        let uri = format!("file://{}", file.display());
        Ok(Self { uri, lines: text.lines().map(str::to_owned).collect() })
    }

    fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// The number, from zero, of the line on which this name is bound.
    fn line_with(&self, name: &str) -> Result<usize> {
        let found = self.lines.iter().position(|line| line.trim_start().starts_with(name));
        found.ok_or_else(|| format!("{} has no line for {name}", self.uri))
    }

    fn with_line(mut self, at: usize, line: &str) -> Self {
        self.lines[at] = line.to_owned();
        self
    }

    fn with_new_line(mut self, at: usize, line: &str) -> Self {
        self.lines.insert(at, line.to_owned());
        self
    }

    fn position(&self, line: usize, column: usize) -> Value {
        json!({
            "textDocument": { "uri": self.uri },
            "position": { "line": line, "character": column },
        })
    }
}

/// The list at a place, in the order in which an editor shows it.
fn suggestions(
    server: &mut Server,
    example: &Example,
    line: usize,
    column: usize,
) -> Result<Vec<Value>> {
    server.open(&example.uri, &example.text())?;
    let answer = server.request("textDocument/completion", example.position(line, column))?;
    let items = answer.get("items").unwrap_or(&answer);
    let mut items = items.as_array().cloned().unwrap_or_default();
    items.sort_by_key(|item| item["sortText"].as_str().map(str::to_owned));
    if items.is_empty() {
        return Err(format!(
            "the server had nothing to suggest on line {} of {}",
            line + 1,
            example.uri
        ));
    }
    Ok(items)
}

fn show_list(
    server: &mut Server,
    example: &Example,
    line: usize,
    column: usize,
    items: &[Value],
    what: &str,
) -> Result {
    let rows = items.iter().take(SHOWN).map(|item| {
        let beside = item["labelDetails"]["description"].as_str().or(item["detail"].as_str());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        vec![text(&item["label"]), shortened(beside.unwrap_or_default(), 56)]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let left = items.len().saturating_sub(SHOWN);
    let footer = (left > 0).then(|| format!("… and {left} more {what}"));
    let drawn = draw::list(&rows, footer.as_deref());
    draw::document(&example.lines, &[Below { line, column: column.saturating_sub(4), drawn }]);
    let resolved = server.request("completionItem/resolve", items[0].clone())?;
    let documentation = &resolved["documentation"];
    if let Some(text) = documentation["value"].as_str().or(documentation.as_str()) {
        println!("\n{}", draw::in_look(Look::Dim, "Beside the chosen entry:"));
        for line in draw::panel(&without_markup(text), 76) {
            println!("{line}");
        }
    }
    Ok(())
}

/// The titles of the quick fixes of a problem.
fn fixes(server: &mut Server, example: &Example, problem: &Value) -> Result<Vec<Vec<String>>> {
    let answer = server.request(
        "textDocument/codeAction",
        json!({
            "textDocument": { "uri": example.uri },
            "range": problem["range"],
            "context": { "diagnostics": [problem], "only": ["quickfix"] },
        }),
    )?;
    let titles = answer.as_array().into_iter().flatten().filter_map(|fix| fix["title"].as_str());
    Ok(titles.map(|title| vec![format!("Fix: {title}")]).collect())
}

fn index(number: &Value) -> usize {
    number.as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most - 1).collect();
    format!("{}…", cut.trim_end())
}

/// A snippet as it looks once it is in the text: `${1:20.11.0}` is its default text.
fn without_stops(snippet: &str) -> String {
    let mut out = String::new();
    let mut rest = snippet;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(stop) = rest.strip_prefix('{')
            && let Some((inside, after)) = stop.split_once('}')
        {
            out.push_str(inside.split_once(':').map_or("", |(_, default)| default));
            rest = after;
        } else {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        }
    }
    out + rest
}

/// Markdown without its marks, for a plain screen. Of a link its label stays.
fn without_markup(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("```"));
    let plain = lines.map(|line| {
        let line = without_marks(line);
        line.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    });
    plain.collect::<Vec<_>>().join("\n")
}

fn without_marks(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '*' | '`' | '[' => {}
            ']' => rest = rest.split_once(">)").map_or(rest, |(_, after)| after),
            '\\' => {
                let mut after = rest.chars();
                out.extend(after.next());
                rest = after.as_str();
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_become_their_labels() {
        let text =
            "at [2be9](<https://x.org/a(b)>) and\\[not\\] [that](<y>)\n```sh\n**b** `c`\n```";
        assert_eq!(without_markup(text), "at 2be9 and[not] that\nb c");
    }

    #[test]
    fn stops_become_their_defaults() {
        assert_eq!(without_stops("a = \"${1:2.0}\";$0"), "a = \"2.0\";");
        assert_eq!(without_stops("plain"), "plain");
    }
}
