//! Rich text that every client can show: the same blocks as Markdown and as plain text.

use std::fmt::Write as _;

/// A text of blocks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Markup {
    blocks: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Block {
    /// Lines of one paragraph.
    Paragraph(Vec<Line>),
    /// Text to be copied as it is.
    Code(String),
    /// Text whose columns have to stay below one another.
    Table(String),
}

/// A line of a paragraph.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Strong(String),
    Code(String),
    Link { label: String, url: String },
}

impl Line {
    /// A line of plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::default().and(text)
    }

    /// Goes on with plain text.
    pub fn and(mut self, text: impl Into<String>) -> Self {
        self.parts.push(Part::Text(text.into()));
        self
    }

    /// Goes on with text that stands out.
    pub fn strong(mut self, text: impl Into<String>) -> Self {
        self.parts.push(Part::Strong(text.into()));
        self
    }

    /// Goes on with something of the code.
    pub fn code(mut self, text: impl Into<String>) -> Self {
        self.parts.push(Part::Code(text.into()));
        self
    }

    /// Goes on with a link. A target that is not a web address is shown without one.
    pub fn link(mut self, label: impl Into<String>, url: impl Into<String>) -> Self {
        let (label, url) = (label.into(), url.into());
        self.parts.push(match is_web_address(&url) {
            true => Part::Link { label, url },
            false => Part::Text(label),
        });
        self
    }
}

impl Markup {
    /// Adds a paragraph of these lines; nothing if there are none.
    pub fn paragraph(&mut self, lines: impl IntoIterator<Item = Line>) {
        let lines: Vec<Line> = lines.into_iter().collect();
        if !lines.is_empty() {
            self.blocks.push(Block::Paragraph(lines));
        }
    }

    /// Adds text to be copied as it is.
    pub fn code(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Code(text.into()));
    }

    /// Adds text whose columns have to stay below one another; nothing if there is none.
    pub fn table(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.blocks.push(Block::Table(text));
        }
    }

    /// As Markdown, with everything escaped that is not meant as such.
    pub fn to_markdown(&self) -> String {
        let blocks = self.blocks.iter().map(|block| match block {
            Block::Paragraph(lines) => {
                let lines = lines.iter().map(|line| {
                    line.parts.iter().fold(String::new(), |mut out, part| {
                        match part {
                            Part::Text(text) => out.push_str(&escape(text, out.is_empty())),
                            Part::Strong(text) => _ = write!(out, "**{}**", escape(text, false)),
                            Part::Code(text) => out.push_str(&code_span(text)),
                            Part::Link { label, url } => {
                                _ = write!(out, "[{}](<{url}>)", escape(label, false));
                            }
                        }
                        out
                    })
                });
                // Two blanks at the end break a line in every renderer.
                lines.collect::<Vec<_>>().join("  \n")
            }
            Block::Code(text) => {
                let fence = fence_for(text, 3);
                format!("{fence}sh\n{text}\n{fence}")
            }
            Block::Table(text) => {
                let fence = fence_for(text, 3);
                format!("{fence}text\n{text}\n{fence}")
            }
        });
        blocks.collect::<Vec<_>>().join("\n\n")
    }

    /// As plain text; a link is its label and its target.
    pub fn to_plain(&self) -> String {
        let blocks = self.blocks.iter().map(|block| match block {
            Block::Paragraph(lines) => {
                let lines = lines.iter().map(|line| {
                    line.parts.iter().fold(String::new(), |mut out, part| {
                        match part {
                            Part::Text(text) | Part::Strong(text) | Part::Code(text) => {
                                out.push_str(text);
                            }
                            Part::Link { label, url } if label == url => out.push_str(url),
                            Part::Link { label, url } => _ = write!(out, "{label} ({url})"),
                        }
                        out
                    })
                });
                lines.collect::<Vec<_>>().join("\n")
            }
            Block::Code(text) | Block::Table(text) => text.clone(),
        });
        blocks.collect::<Vec<_>>().join("\n\n")
    }
}

/// Whether a text is a web address and nothing else.
pub(crate) fn is_web_address(url: &str) -> bool {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>\"`".contains(c);
    is_web && !url.contains(odd)
}

/// Text that Markdown shows as it is. Line breaks become blanks: a description is one line.
/// `first` says that it is the first of its line, where some signs open lists and headings.
///
/// Source: <https://spec.commonmark.org/0.31.2/#backslash-escapes>.
fn escape(text: &str, first: bool) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        let opens_block = first && out.bytes().all(|b| b == b' ' || b.is_ascii_digit());
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            // HTML is let through by some renderers, and escaped by none with a backslash.
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' => out.extend(['\\', c]),
            '-' | '+' | '=' | '#' | '|' | '.' | ')' if opens_block => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

fn code_span(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let fence = fence_for(&text, 1);
    let pad =
        if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A run of backticks that does not occur in a text, `least` long at least.
fn fence_for(text: &str, least: usize) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let length = if longest >= least { longest + 1 } else { least };
    "`".repeat(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_escaped_and_plain_text_is_plain() {
        let mut markup = Markup::default();
        markup.paragraph([
            Line::default().strong("a*b").and(" <img src=x> [x](y) & `c`"),
            Line::text("1. not a list").code("co`de"),
        ]);
        markup.paragraph([
            Line::default().link("site", "https://x.org/a(b)"),
            Line::default().link("bad", "javascript:alert(1)").link("odd", "https://x/> <y"),
        ]);
        markup.paragraph([]);
        markup.code("nix shell a#b");
        expect_test::expect![[r#"
            **a\*b** &lt;img src=x&gt; \[x\](y) &amp; \`c\`  
            1\. not a list``co`de``

            [site](<https://x.org/a(b)>)  
            badodd

            ```sh
            nix shell a#b
            ```"#]]
        .assert_eq(&markup.to_markdown());
        expect_test::expect![[r#"
            a*b <img src=x> [x](y) & `c`
            1. not a listco`de

            site (https://x.org/a(b))
            badodd

            nix shell a#b"#]]
        .assert_eq(&markup.to_plain());
    }
}
