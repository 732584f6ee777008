//! Links: from a name to the package's home page, from a version to the file of nixpkgs that
//! defined it.

use model::SourceError;
use syntax::TextRange;

use crate::{Index, Snapshot, describe, markup, memo::Asked};

/// A link to a web page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The text that leads there.
    pub range: TextRange,
    /// The page.
    pub url: String,
    /// What the page is.
    pub tooltip: String,
}

pub(crate) fn links(snapshot: &Snapshot) -> Result<Vec<Link>, SourceError> {
    let (Index::Ready(source), Some(file)) = (snapshot.index, snapshot.document.pin_file()) else {
        return Ok(Vec::new());
    };
    if !snapshot.settings.links {
        return Ok(Vec::new());
    }
    let Some(index) = snapshot.memo.ask(source)? else { return Ok(Vec::new()) };
    let mut links = Vec::new();
    for pin in &file.pins {
        let literal = pin.version();
        let version = literal.map(|literal| literal.text.as_str()).unwrap_or_default();
        let Some(standing) = index.standing(&pin.path, version)? else { continue };
        if let Some(url) = standing.homepage.as_ref().filter(|url| markup::is_web_address(url)) {
            let tooltip = format!("Home page of {}", pin.path);
            links.push(Link { range: pin.name_range(), url: url.clone(), tooltip });
        }
        if let (Asked::Release(known), Some(literal)) = (&standing.asked, literal)
            && let Some(file) = &known.file
        {
            let commit = known.last.id.short();
            links.push(Link {
                range: literal.content,
                url: describe::file_url(known.last, file),
                tooltip: format!("{file} of nixpkgs at {commit}"),
            });
        }
    }
    Ok(links)
}
