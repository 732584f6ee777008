//! Tells an exact version from a requirement, by its text alone.

/// Whether a text asks for more than one exact version: it holds an operator, a wildcard or a
/// blank, or says `latest`.
///
/// `x` and `X` are wildcards only as a whole component behind a dot (`20.x`): versions such as
/// `6.0.0-x1` are real.
pub(crate) fn is_requirement(text: &str) -> bool {
    text == "latest"
        || text.contains(['^', '~', '<', '>', '=', '*', '|', ',', ' '])
        || text.split('.').skip(1).any(|part| part == "x" || part == "X")
}

/// Where the operators of a requirement are: runs of operator signs, in their order.
pub(crate) fn operators(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, sign) in text.char_indices() {
        if !matches!(sign, '^' | '~' | '<' | '>' | '=' | '|' | ',' | '*') {
            continue;
        }
        match found.last_mut() {
            Some(last) if last.end == at => last.end = at + 1,
            _ => found.push(at..at + 1),
        }
    }
    found
}

/// Whether a text that stands without quotes was meant as a version: it starts with a digit and
/// holds nothing that versions do not.
pub(crate) fn is_bare_version(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
    text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(plain)
}

/// Splits a text that is being typed into what stays as it is (operators and earlier parts of a
/// requirement) and the version behind it: `>=1 <2` into `>=1 <` and `2`.
pub(crate) fn split_operator(typed: &str) -> (&str, &str) {
    let behind = typed.rfind(['^', '~', '<', '>', '=', '|', ',', ' ']).map_or(0, |at| at + 1);
    typed.split_at(behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_told_by_their_text() {
        for text in ["^2.28", "~3.11.4", "20.*", "20.x", "1.X", ">=1 <2", "*", "latest", "1 || 2"] {
            assert!(is_requirement(text), "{text}");
        }
        // The index may hold versions with `~` or `+`; those that a text could be are tried first.
        for text in
            ["20.11.0", "1.0.2u", "2018-01-02", "unstable-2020-01-01", "x", "6-x1", "1.0+git"]
        {
            assert!(!is_requirement(text), "{text}");
        }
    }

    #[test]
    fn what_is_typed_behind_an_operator() {
        assert_eq!(split_operator("20.1"), ("", "20.1"));
        assert_eq!(split_operator("^20"), ("^", "20"));
        assert_eq!(split_operator(">=1 <2"), (">=1 <", "2"));
        assert_eq!(split_operator("*"), ("", "*"));
    }
}
