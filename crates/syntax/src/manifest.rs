//! From the pins of a text to what they ask for, as data.

use std::collections::{HashMap, hash_map::Entry};

use model::{CommitId, Kind, Manifest, Requirement, Wish, requirement};

use crate::{Field, Pin, PinFile, TextRange, Value, pins::LONG_FORM_KEYS};

/// A pin that is not read, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Where it is.
    pub range: TextRange,
    /// What is the matter.
    pub kind: ComplaintKind,
}

/// What can be the matter with a pin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComplaintKind {
    /// Only Nix can tell what it asks for.
    #[error(
        "this is not a literal: the pin is left alone; write the version in quotes to have it read"
    )]
    NotALiteral,
    /// It asks for nothing yet.
    #[error("this pin has no version; write one, such as \"1.2.3\", or \"*\" for any")]
    NoVersion,
    /// Its text is no requirement.
    #[error(transparent)]
    Requirement(#[from] requirement::ParseError),
    /// The attribute path was asked for before.
    #[error("`{path}` is pinned already, on line {line}; remove one of the two")]
    Duplicate {
        /// The attribute path.
        path: String,
        /// The line of the first pin, counted from 1.
        line: usize,
    },
    /// The long form has no field of this name.
    #[error(
        "a pin has no field `{0}`; there are version, revision, input, channel, ignore and allowInsecure"
    )]
    UnknownField(String),
    /// A field's value is not what it takes.
    #[error("`{field}` takes {wanted}")]
    Field {
        /// The field.
        field: &'static str,
        /// What it takes.
        wanted: &'static str,
    },
}

impl ComplaintKind {
    /// What kind of problem it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotALiteral => Kind::NotALiteral,
            Self::NoVersion => Kind::NoVersion,
            Self::Requirement(_) => Kind::RequirementUnmet,
            Self::Duplicate { .. } => Kind::DuplicatePin,
            Self::UnknownField(_) => Kind::UnknownField,
            Self::Field { .. } => Kind::BadField,
        }
    }

    /// Whether the file can be used all the same, without what the complaint is about.
    pub fn is_warning(&self) -> bool {
        matches!(self, Self::NotALiteral)
    }
}

/// Reads what the pins of a file ask for. What cannot be read is left out and complained about.
pub fn manifest(text: &str, file: &PinFile) -> (Manifest, Vec<Complaint>) {
    let mut reader = Reader { text, complaints: Vec::new() };
    let mut pins: Vec<Wish> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for pin in &file.pins {
        match known.entry(pin.path.to_string()) {
            Entry::Vacant(place) => {
                place.insert(pin.range.start);
            }
            Entry::Occupied(first) => {
                let line = text[..*first.get()].matches('\n').count() + 1;
                let path = pin.path.to_string();
                reader.complain(pin.name_range(), ComplaintKind::Duplicate { path, line });
                continue;
            }
        }
        pins.extend(reader.wish(pin));
    }
    reader.complaints.sort_by_key(|complaint| complaint.range);
    (Manifest { pins }, reader.complaints)
}

/// Reads what one pin asks for by itself, whatever the others do. What cannot be read is complained
/// about; `None` if nothing is left then.
pub fn wish(text: &str, pin: &Pin) -> (Option<Wish>, Vec<Complaint>) {
    let mut reader = Reader { text, complaints: Vec::new() };
    let wish = reader.wish(pin);
    (wish, reader.complaints)
}

struct Reader<'a> {
    text: &'a str,
    complaints: Vec<Complaint>,
}

impl Reader<'_> {
    fn complain(&mut self, range: TextRange, kind: ComplaintKind) {
        self.complaints.push(Complaint { range, kind });
    }

    fn wish(&mut self, pin: &Pin) -> Option<Wish> {
        let before = self.complaints.len();
        let fields = match &pin.value {
            Value::Long(fields) => fields.as_slice(),
            Value::Text(_) => &[],
            Value::Other(range) => {
                self.complain(*range, ComplaintKind::NotALiteral);
                return None;
            }
            Value::Missing(_) => {
                self.complain(pin.name_range(), ComplaintKind::NoVersion);
                return None;
            }
        };
        let version = fields.iter().find(|field| field.key.name == "version");
        let requirement = match (pin.version(), version.map(|field| &field.value)) {
            (Some(literal), _) => match Requirement::parse(&literal.text) {
                Ok(requirement) => requirement,
                Err(error) => {
                    self.complain(literal.range, error.into());
                    return None;
                }
            },
            (None, Some(Value::Other(range))) => {
                self.complain(*range, ComplaintKind::NotALiteral);
                return None;
            }
            (None, _) => {
                self.complain(pin.name_range(), ComplaintKind::NoVersion);
                return None;
            }
        };
        let mut wish = Wish::new(pin.path.clone(), requirement);
        fields.iter().for_each(|field| self.field(&mut wish, field));
        let spoiled = self.complaints[before..].iter().any(|c| !c.kind.is_warning());
        (!spoiled).then_some(wish)
    }

    fn field(&mut self, wish: &mut Wish, field: &Field) {
        let range = match &field.value {
            Value::Text(literal) => literal.range,
            Value::Other(range) => *range,
            _ => field.key.range,
        };
        let text = match &field.value {
            Value::Text(literal) => Some(literal.text.clone()),
            _ => None,
        };
        let name = LONG_FORM_KEYS.into_iter().find(|key| *key == field.key.name);
        let wanted = match name {
            Some("version") => return,
            Some("revision") => match text.and_then(|text| text.parse::<CommitId>().ok()) {
                Some(revision) => {
                    wish.revision = Some(revision);
                    return;
                }
                None => "a commit id of forty hexadecimal digits in quotes",
            },
            Some("channel") if text.is_some() => {
                wish.channel = text;
                return;
            }
            Some("input") if text.is_some() => {
                wish.input = text;
                return;
            }
            Some("channel" | "input") => "a text in quotes",
            Some("ignore") => match self.texts(&field.value) {
                Some(codes) => {
                    wish.ignore = codes;
                    return;
                }
                None => "a list of codes in quotes, such as [ \"unknown-version\" ]",
            },
            Some("allowInsecure") => match range.of(self.text) {
                value @ ("true" | "false") => {
                    wish.allow_insecure = value == "true";
                    return;
                }
                _ => "`true` or `false`",
            },
            _ => {
                let kind = ComplaintKind::UnknownField(field.key.name.clone());
                return self.complain(field.key.range, kind);
            }
        };
        let field = name.expect("a field without a name was complained about");
        self.complain(range, ComplaintKind::Field { field, wanted });
    }

    /// A text, or a list of plain texts.
    fn texts(&self, value: &Value) -> Option<Vec<String>> {
        match value {
            Value::Text(literal) => Some(vec![literal.text.clone()]),
            Value::Other(range) => {
                let inner = range.of(self.text).strip_prefix('[')?.strip_suffix(']')?;
                let word = |word: &str| {
                    let word = word.strip_prefix('"')?.strip_suffix('"')?;
                    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
                    word.chars().all(plain).then(|| word.to_owned())
                };
                inner.split_whitespace().map(word).collect()
            }
            _ => None,
        }
    }
}
