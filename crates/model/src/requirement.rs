//! What a pin asks for: one version, or any of those that a requirement allows.
//!
//! A requirement is one or more alternatives between `||`; each is one or more conditions, apart by
//! blanks or commas, that all must hold:
//!
//! | written | allows |
//! |---|---|
//! | `1.2.3` | that version |
//! | `^1.2.3` | from 1.2.3 on, with the same first component that is not zero |
//! | `~1.2.3` | from 1.2.3 on, with the same first two components (`~1`: the same first) |
//! | `>=1.2`, `>1.2`, `<=2`, `<2`, `=1.2` | by Nix's order of versions |
//! | `1.2.*`, `1.2.x` | versions that begin with these components |
//! | `*` | every version |
//! | `latest` | the newest version alone |
//!
//! `^` and `~` mean what they mean to Cargo
//! (<https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html>), for versions of any
//! number of components. A pre-release is allowed only by a requirement that names one.

use std::{cmp::Ordering, fmt};

use crate::version::{self, components};

/// What a pin asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    text: String,
    alternatives: Vec<Alternative>,
}

/// Conditions that all must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Alternative {
    conditions: Vec<Condition>,
    /// Whether one of them names a pre-release.
    prerelease: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    /// The very text.
    Exact(String),
    /// The newest version.
    Latest,
    /// A place in the order.
    Compare(Operator, String),
    /// The first components, and a version that it must not be below.
    Line { same: Vec<String>, from: Option<String> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Less,
    LessEqual,
    Equal,
    GreaterEqual,
    Greater,
}

/// Why a text is not a requirement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// There is nothing, or nothing on one side of `||`.
    #[error("a version or requirement is missing; write one such as `1.2.3`, `^1.2` or `*`")]
    Empty,
    /// An operator has no version behind it.
    #[error("`{0}` needs a version behind it, as in `{0}1.2`")]
    NoVersion(String),
    /// A `*` or `x` stands where it means nothing.
    #[error("`{0}` is no requirement: `*` stands alone or as the last component, as in `1.2.*`")]
    Wildcard(String),
    /// Two versions stand side by side.
    #[error("no version is both {0} and {1}; write `{0} || {1}` to allow either")]
    TwoVersions(String, String),
    /// Two versions with a dash between.
    #[error("a range is written `>=1.2 <=1.4`, not with a dash")]
    Dash,
}

impl Requirement {
    /// Reads a requirement.
    ///
    /// # Errors
    /// [`ParseError`] says what is wrong and what to write instead.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let alternatives = text.split("||").map(alternative).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), alternatives })
    }

    /// The text it was read from.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The version, if it asks for exactly one by its text.
    pub fn exact(&self) -> Option<&str> {
        match self.alternatives.as_slice() {
            [Alternative { conditions, .. }] => match conditions.as_slice() {
                [Condition::Exact(version)] => Some(version),
                _ => None,
            },
            _ => None,
        }
    }

    /// Those of a package's versions that it allows, the newest first in Nix's order, and
    /// pre-releases behind all others.
    ///
    /// A version whose text is the requirement's own is the only one: texts such as `1.0~rc1` are
    /// versions too.
    pub fn select<'a>(&self, versions: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let mut versions: Vec<&str> = versions.into_iter().collect();
        if let Some(itself) = versions.iter().find(|version| **version == self.text) {
            return vec![itself];
        }
        let newest = version::newest(versions.iter().copied());
        versions.retain(|version| self.alternatives.iter().any(|a| a.allows(version, newest)));
        // In Nix's order `2.0-rc1` is above `2.0`; nobody wants it first.
        versions.sort_by(|a, b| {
            let stable_first = version::is_prerelease(a).cmp(&version::is_prerelease(b));
            stable_first.then_with(|| version::newest_first(a, b))
        });
        versions.dedup();
        versions
    }

    /// Whether it allows a version, where the newest version of the package is known or does not
    /// matter (it does for `latest` alone).
    pub fn allows(&self, version: &str, newest: Option<&str>) -> bool {
        version == self.text || self.alternatives.iter().any(|a| a.allows(version, newest))
    }

    /// For a bare start of versions, such as `20`: the requirement that was likely meant, `20.*`.
    /// Only where one of the versions meets it.
    pub fn meant<'a>(&self, versions: impl IntoIterator<Item = &'a str>) -> Option<String> {
        let exact = self.exact()?;
        let wider = format!("{exact}.*");
        let allows = Self::parse(&wider).ok()?;
        versions.into_iter().any(|version| allows.allows(version, None)).then_some(wider)
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Alternative {
    fn allows(&self, version: &str, newest: Option<&str>) -> bool {
        let by_name = self.prerelease
            || self.conditions.iter().any(|c| matches!(c, Condition::Exact(_) | Condition::Latest));
        (by_name || !version::is_prerelease(version))
            && self.conditions.iter().all(|condition| condition.allows(version, newest))
    }
}

impl Condition {
    fn allows(&self, version: &str, newest: Option<&str>) -> bool {
        match self {
            Self::Exact(text) => version == text,
            Self::Latest => newest == Some(version),
            Self::Compare(operator, bound) => operator.holds(version::compare(version, bound)),
            Self::Line { same, from } => {
                let mut own = components(version);
                let begins_so = same.iter().all(|wanted| {
                    own.next().is_some_and(|own| version::compare(own, wanted).is_eq())
                });
                let not_below = |from: &String| version::compare(version, from) != Ordering::Less;
                begins_so && from.as_ref().is_none_or(not_below)
            }
        }
    }

    /// The version that it names.
    fn named(&self) -> Option<&str> {
        match self {
            Self::Exact(version) | Self::Compare(_, version) => Some(version),
            Self::Line { from, .. } => from.as_deref(),
            Self::Latest => None,
        }
    }
}

impl Operator {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::LessEqual => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::GreaterEqual => order.is_ge(),
            Self::Greater => order.is_gt(),
        }
    }
}

/// The operators as they are written; those that begin like others come first.
const OPERATORS: [&str; 7] = [">=", "<=", "^", "~", "=", ">", "<"];

fn alternative(text: &str) -> Result<Alternative, ParseError> {
    let mut conditions = Vec::new();
    let mut words = text.split([' ', '\t', '\n', ',']).filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        let Some(operator) = OPERATORS.into_iter().find(|o| word.starts_with(o)) else {
            conditions.push(bare(word)?);
            continue;
        };
        let version = match &word[operator.len()..] {
            // Blanks may stand behind an operator.
            "" => words.next().unwrap_or_default(),
            version => version,
        };
        if version.is_empty() || OPERATORS.into_iter().any(|o| version.starts_with(o)) {
            return Err(ParseError::NoVersion(operator.to_owned()));
        }
        conditions.push(with_operator(operator, version)?);
    }
    let mut exact = conditions.iter().filter_map(|condition| match condition {
        Condition::Exact(version) => Some(version),
        _ => None,
    });
    if let (Some(one), Some(other)) = (exact.next(), exact.next()) {
        return Err(ParseError::TwoVersions(one.clone(), other.clone()));
    }
    if conditions.is_empty() {
        return Err(ParseError::Empty);
    }
    let prerelease = conditions.iter().filter_map(Condition::named).any(version::is_prerelease);
    Ok(Alternative { conditions, prerelease })
}

/// A condition without operator.
fn bare(word: &str) -> Result<Condition, ParseError> {
    match word {
        "*" => return Ok(Condition::Line { same: Vec::new(), from: None }),
        "latest" => return Ok(Condition::Latest),
        "-" => return Err(ParseError::Dash),
        _ => {}
    }
    let start = [".*", ".x", ".X"].into_iter().find_map(|end| word.strip_suffix(end));
    let Some(mut start) = start else {
        return match word.contains('*') {
            true => Err(ParseError::Wildcard(word.to_owned())),
            false => Ok(Condition::Exact(word.to_owned())),
        };
    };
    // `1.*.*` is as good as `1.*`.
    while let Some(shorter) = [".*", ".x", ".X"].into_iter().find_map(|e| start.strip_suffix(e)) {
        start = shorter;
    }
    if start.contains('*') || components(start).next().is_none() {
        return Err(ParseError::Wildcard(word.to_owned()));
    }
    Ok(Condition::Line { same: components(start).map(str::to_owned).collect(), from: None })
}

fn with_operator(operator: &str, version: &str) -> Result<Condition, ParseError> {
    let parts: Vec<String> = components(version).map(str::to_owned).collect();
    if version.contains('*') || parts.is_empty() {
        return Err(ParseError::Wildcard(format!("{operator}{version}")));
    }
    let compare = |operator| Ok(Condition::Compare(operator, version.to_owned()));
    let kept = match operator {
        "^" => {
            let not_zero = |part: &String| part.bytes().any(|byte| byte != b'0');
            parts.iter().position(not_zero).map_or(parts.len(), |at| at + 1)
        }
        "~" => parts.len().min(2),
        ">=" => return compare(Operator::GreaterEqual),
        "<=" => return compare(Operator::LessEqual),
        ">" => return compare(Operator::Greater),
        "<" => return compare(Operator::Less),
        _ => return compare(Operator::Equal),
    };
    Ok(Condition::Line { same: parts[..kept].to_vec(), from: Some(version.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSIONS: [&str; 16] = [
        "0.0.3",
        "0.2.3",
        "0.2.9",
        "1.0.2",
        "1.0.2u",
        "1.2",
        "1.2.3",
        "1.2.4.1",
        "1.9",
        "2.0-rc1",
        "2.0",
        "2pre1",
        "20.1",
        "unstable-2018-02-01",
        "2018-02-01",
        "1.2x",
    ];

    #[track_caller]
    fn check(requirement: &str, wanted: &[&str]) {
        let parsed = Requirement::parse(requirement).expect(requirement);
        assert_eq!(parsed.select(VERSIONS), wanted, "{requirement}");
        assert_eq!(parsed.to_string(), requirement);
    }

    #[test]
    fn what_is_allowed() {
        check("1.2.3", &["1.2.3"]);
        check("1.2", &["1.2"]);
        check("20", &[]);
        check("^1.2.3", &["1.9", "1.2.4.1", "1.2.3"]);
        check("^0.2.3", &["0.2.9", "0.2.3"]);
        check("^0.0.3", &["0.0.3"]);
        check("^0", &["0.2.9", "0.2.3", "0.0.3"]);
        check("~1.2.3", &["1.2.4.1", "1.2.3"]);
        check("~1", &["1.9", "1.2.4.1", "1.2.3", "1.2x", "1.2", "1.0.2u", "1.0.2"]);
        check("~1.0.2", &["1.0.2u", "1.0.2"]);
        check(">=1.2 <2", &["1.9", "1.2.4.1", "1.2.3", "1.2x", "1.2"]);
        check(">= 1.2.4, < 20", &["2.0", "1.9", "1.2.4.1"]);
        check("1.2.*", &["1.2.4.1", "1.2.3", "1.2x", "1.2"]);
        check("1.2.x", &["1.2.4.1", "1.2.3", "1.2x", "1.2"]);
        check("latest", &["20.1"]);
        check("^0.2 || =2.0", &["2.0", "0.2.9", "0.2.3"]);
        check("2.0-rc1", &["2.0-rc1"]);
        check(">2pre0 <2.0.1", &["2.0", "2.0-rc1", "2pre1"]);
        check("unstable-2018-02-01", &["unstable-2018-02-01"]);
        check("1.2x", &["1.2x"]);
        assert!(!Requirement::parse("*").unwrap().select(VERSIONS).contains(&"2018-02-01"));
    }

    #[test]
    fn the_newest_of_snapshots_alone_is_one_of_them() {
        let latest = Requirement::parse("latest").unwrap();
        assert_eq!(latest.select(["2018-01-01", "2018-02-01"]), ["2018-02-01"]);
        let any = Requirement::parse("*").unwrap();
        assert!(any.select(["2018-01-01"]).is_empty());
    }

    #[test]
    fn a_text_that_is_a_version_is_that_version() {
        let requirement = Requirement::parse("~1.0").unwrap();
        assert_eq!(requirement.select(["1.0.1", "~1.0"]), ["~1.0"]);
    }

    #[test]
    fn the_start_of_versions_is_told() {
        let meant = |text: &str| Requirement::parse(text).unwrap().meant(VERSIONS);
        assert_eq!(meant("20").as_deref(), Some("20.*"));
        assert_eq!(meant("77"), None);
        assert_eq!(meant("^20"), None);
    }

    #[test]
    fn what_is_no_requirement() {
        for (text, wanted) in [
            ("", ParseError::Empty),
            ("1 ||", ParseError::Empty),
            ("^", ParseError::NoVersion("^".into())),
            (">= <2", ParseError::NoVersion(">=".into())),
            ("1.*.2", ParseError::Wildcard("1.*.2".into())),
            ("^1.*", ParseError::Wildcard("^1.*".into())),
            ("1.2 1.3", ParseError::TwoVersions("1.2".into(), "1.3".into())),
            ("1.2 - 1.3", ParseError::Dash),
        ] {
            assert_eq!(Requirement::parse(text), Err(wanted), "{text:?}");
        }
    }
}
