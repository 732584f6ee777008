//! Splits the text of a big shared file, such as `all-packages.nix`, into the bindings of the one
//! attribute set that it is about, and follows an edit of the text by looking only at what it
//! touched.
//!
//! Between bindings the scanner is always in the same state: outside of every bracket but the
//! set's own. So what it sees from there on depends on the text from there on alone, and equal
//! text splits into equal bindings.

use std::{ops::Range, rc::Rc};

use rustc_hash::FxHashMap;

use super::scan::{Kind, Scanner};

/// A file as a frame with a set in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Everything before the bindings, with the set's `{` at the end.
    pub head: Rc<str>,
    /// Each binding's text, from behind the `;` before it to its own `;`: comments stay with the
    /// binding they precede.
    pub bindings: Vec<Rc<str>>,
    /// What follows the last binding, from there to the end of the file.
    pub tail: Rc<str>,
}

/// What an edit did to the bindings.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// Bindings whose text is not there any more.
    pub removed: Vec<Rc<str>>,
    /// Bindings whose text was not there before.
    pub added: Vec<Rc<str>>,
    /// Whether head or tail are different.
    pub frame: bool,
}

impl Split {
    /// Splits a text around its biggest set: the one with most bindings. `None` if there is no set
    /// with a binding, or the brackets of the text do not pair up.
    pub fn new(text: &str) -> Option<Self> {
        let set = biggest_set(text.as_bytes())?;
        Some(Self::around(text, set))
    }

    fn around(text: &str, set: Range<usize>) -> Self {
        let mut bindings = Vec::new();
        let mut from = set.start;
        for end in BindingEnds::new(text.as_bytes(), set.start).take_while(|end| *end <= set.end) {
            bindings.push(text[from..end].into());
            from = end;
        }
        Self { head: text[..set.start].into(), bindings, tail: text[from..].into() }
    }

    /// Goes on to another version of the text. `None` if that cannot be split; what is held is then
    /// of no use.
    pub fn update(&mut self, text: &str) -> Option<Edit> {
        match self.replace_middle(text) {
            Some(edit) => Some(edit),
            None => self.replace_all(text),
        }
    }

    /// Finds the bindings that the edit touched and scans only these; `None` if the edit reaches
    /// beyond the bindings, or changes where they end in a way that goes on to the end of the set.
    fn replace_middle(&mut self, text: &str) -> Option<Edit> {
        if !text.starts_with(&*self.head) {
            return None;
        }
        let bytes = text.as_bytes();
        let mut from = self.head.len();
        let mut first = 0;
        while let Some(binding) = self.bindings.get(first) {
            if !bytes[from..].starts_with(binding.as_bytes()) {
                break;
            }
            from += binding.len();
            first += 1;
        }
        let rest = bytes.get(from..)?;
        let mut until = bytes.len().checked_sub(self.tail.len())?;
        if !rest.ends_with(self.tail.as_bytes()) {
            return None;
        }
        let mut last = self.bindings.len();
        while last > first {
            let binding = self.bindings[last - 1].as_bytes();
            if !bytes[from..until].ends_with(binding) {
                break;
            }
            until -= binding.len();
            last -= 1;
        }
        if until < from {
            return None;
        }
        let mut added: Vec<Rc<str>> = Vec::new();
        let mut at = from;
        let mut ends = BindingEnds::new(bytes, from);
        while at < until {
            let end = ends.next()?;
            // A comment before an unchanged binding belongs to it: the binding did change.
            while end > until {
                until += self.bindings.get(last)?.len();
                last += 1;
            }
            added.push(text[at..end].into());
            at = end;
        }
        let removed: Vec<_> = self.bindings.splice(first..last, added.iter().cloned()).collect();
        Some(Edit::between(&removed, &added, false))
    }

    fn replace_all(&mut self, text: &str) -> Option<Edit> {
        let new = Self::new(text)?;
        let old = std::mem::replace(self, new);
        let frame = old.head != self.head || old.tail != self.tail;
        Some(Edit::between(&old.bindings, &self.bindings, frame))
    }

    /// The text without its bindings: what the set's surroundings say.
    pub fn frame(&self) -> String {
        format!("{}{}", self.head, self.tail)
    }
}

impl Edit {
    /// What is only in one of two lists, whatever the order.
    fn between(old: &[Rc<str>], new: &[Rc<str>], frame: bool) -> Self {
        let mut count = FxHashMap::<&Rc<str>, isize>::default();
        old.iter().for_each(|binding| *count.entry(binding).or_default() += 1);
        new.iter().for_each(|binding| *count.entry(binding).or_default() -= 1);
        let only = |sign: isize| {
            let repeated = count.iter().flat_map(move |(binding, n)| {
                let times = usize::try_from(sign * *n).unwrap_or(0);
                std::iter::repeat_n(Rc::clone(binding), times)
            });
            repeated.collect()
        };
        Self { removed: only(1), added: only(-1), frame }
    }
}

/// Where each binding of a set ends, from a place between two bindings on, until the set's own `}`.
struct BindingEnds<'a> {
    scanner: Scanner<'a>,
    text: &'a [u8],
    nest: Nest,
}

impl<'a> BindingEnds<'a> {
    fn new(text: &'a [u8], at: usize) -> Self {
        Self { scanner: Scanner::new(text, at), text, nest: Nest::default() }
    }
}

impl Iterator for BindingEnds<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        loop {
            let piece = self.scanner.next()?;
            match self.nest.step(piece.kind, &self.text[piece.start..piece.end]) {
                Step::BindingEnd(0) => return Some(piece.end),
                Step::Underflow => return None,
                _ => {}
            }
        }
    }
}

/// Follows brackets, and the `let … in`, `with …;` and `assert …;` whose `;` end no binding of the
/// set around them.
#[derive(Default)]
struct Nest {
    open: Vec<Level>,
    after_let: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Bracket,
    Let,
    /// A `with` or `assert` before its `;`.
    Head,
}

enum Step {
    /// A `;` ended a binding at this many levels of nesting.
    BindingEnd(usize),
    Opened,
    Closed,
    /// A bracket closed that was not opened here.
    Underflow,
    Inside,
}

impl Nest {
    fn step(&mut self, kind: Kind, text: &[u8]) -> Step {
        // `let { … }`, the old form, has no `in`.
        if std::mem::take(&mut self.after_let) && kind == Kind::Open(b'{') {
            self.open.pop();
        }
        match kind {
            Kind::Open(_) => {
                self.open.push(Level::Bracket);
                Step::Opened
            }
            Kind::Close(_) => {
                while self.open.pop_if(|level| *level != Level::Bracket).is_some() {}
                if self.open.pop().is_some() { Step::Closed } else { Step::Underflow }
            }
            Kind::Semicolon => {
                if self.open.pop_if(|level| *level == Level::Head).is_some() {
                    return Step::Inside;
                }
                Step::BindingEnd(self.open.len())
            }
            Kind::Word => {
                match text {
                    b"let" => {
                        self.open.push(Level::Let);
                        self.after_let = true;
                    }
                    b"in" => {
                        self.open.pop_if(|level| *level == Level::Let);
                    }
                    b"with" | b"assert" => self.open.push(Level::Head),
                    _ => {}
                }
                Step::Inside
            }
            _ => Step::Inside,
        }
    }
}

/// The inside of the `{ … }` with most bindings of its own, of those that are not inside another
/// one with bindings.
fn biggest_set(text: &[u8]) -> Option<Range<usize>> {
    struct Open {
        from: usize,
        bindings: usize,
        level: usize,
        /// The best of what came before it.
        before: Option<(usize, Range<usize>)>,
    }
    let mut nest = Nest::default();
    let mut open: Vec<Open> = Vec::new();
    let mut best: Option<(usize, Range<usize>)> = None;
    for piece in Scanner::new(text, 0) {
        match nest.step(piece.kind, &text[piece.start..piece.end]) {
            Step::Opened => {
                let (from, level, before) = (piece.end, nest.open.len(), best.clone());
                open.push(Open { from, bindings: 0, level, before });
            }
            Step::Closed => {
                let set = open.pop()?;
                if set.bindings > 0 && piece.kind == Kind::Close(b'}') {
                    // It takes the place of whatever was found inside of it.
                    let most = set.before.as_ref().map_or(0, |(bindings, _)| *bindings);
                    best = if set.bindings >= most {
                        Some((set.bindings, set.from..piece.start))
                    } else {
                        set.before
                    };
                }
            }
            Step::Underflow => return None,
            Step::BindingEnd(level) => {
                if let Some(set) = open.last_mut().filter(|set| set.level == level) {
                    set.bindings += 1;
                }
            }
            Step::Inside => {}
        }
    }
    if open.is_empty() { best.map(|(_, set)| set) } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_file_falls_into_frame_and_bindings() {
        let text = "{ a, b }: let x = { y = 1; }; in with x; rec {\n  # one\n  p = with x; let q = 1; \
                    in q;\n  inherit a b;\n  r = ''};'';\n  s = let { body = 1; }; }\n";
        let split = Split::new(text).expect("a set");
        assert!(split.head.ends_with("rec {"));
        assert_eq!(
            split.bindings.iter().map(|b| b.trim()).collect::<Vec<_>>(),
            [
                "# one\n  p = with x; let q = 1; in q;",
                "inherit a b;",
                "r = ''};'';",
                "s = let { body = 1; };"
            ]
        );
        assert_eq!(&*split.tail, " }\n");
    }

    #[test]
    fn what_is_not_a_file_with_a_set() {
        for text in ["", "1", "{ a }: a", "{ a = 1;", "} { a = 1; }"] {
            assert_eq!(Split::new(text), None, "{text}");
        }
    }

    fn binding() -> impl Strategy<Value = String> {
        prop::sample::select(vec![
            "a = 1;",
            " b = { c = 2; };",
            "\n d = ''x;'';",
            " e = with f; g;",
            " /* } */ h = [ 1 ];",
            " i = \"${j { k = 1; }}\";",
            " l = let m = 1; in m;",
            " n = { # };\n };",
        ])
        .prop_map(str::to_owned)
    }

    proptest! {
        #[test]
        fn an_update_gives_what_a_fresh_split_gives(
            old in prop::collection::vec(binding(), 1..8),
            new in prop::collection::vec(binding(), 1..8),
            kept in 0usize..8,
        ) {
            let join = |bindings: &[String]| format!("{{ x }}: {{{} }}", bindings.concat());
            let mut next = old[..kept.min(old.len())].to_vec();
            next.extend(new);
            let (before, after) = (join(&old), join(&next));
            let mut split = Split::new(&before).expect("a set");
            let edit = split.update(&after).expect("a set");
            prop_assert_eq!(&split, &Split::new(&after).expect("a set"));
            // Taking away what went and adding what came gives the new bindings.
            let mut bag: Vec<Rc<str>> = old.iter().map(|b| b.as_str().into()).collect();
            for gone in &edit.removed {
                let at = bag.iter().position(|b| b == gone).expect("it was there");
                bag.swap_remove(at);
            }
            bag.extend(edit.added);
            bag.sort();
            let mut want = split.bindings.clone();
            want.sort();
            prop_assert_eq!(bag, want);
        }
    }
}
