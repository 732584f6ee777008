//! Files taken apart into syntax. That needs nothing but their text, so another thread can do it.

use rnix::ast;
use rowan::{GreenNode, ast::AstNode};

/// How deep brackets may nest in a file.
const MAX_NESTING: usize = 4_000;

/// A file of Nix code with its syntax.
#[derive(Debug, Clone)]
pub struct Parsed {
    text: String,
    root: Result<GreenNode, String>,
}

impl Parsed {
    /// Parses the contents of a file. What is not UTF-8 in them is replaced.
    pub fn new(contents: &[u8]) -> Self {
        let text = String::from_utf8_lossy(contents).into_owned();
        let root = parse(&text).map(|root| root.syntax().green().to_owned());
        Self { text, root }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The syntax.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn root(&self) -> Result<ast::Root, String> {
        let root = rnix::SyntaxNode::new_root(self.root.clone()?);
        ast::Root::cast(root).ok_or_else(|| "it is no file of Nix code".to_owned())
    }
}

/// Parses a text.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse(text: &str) -> Result<ast::Root, String> {
    let mut depth = 0usize;
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(format!("brackets nest more than {MAX_NESTING} deep"));
        }
    }
    let parse = rnix::Root::parse(text);
    match parse.errors().first() {
        Some(error) => Err(error.to_string()),
        None => Ok(parse.tree()),
    }
}
