//! The parts of a version or requirement that is being written.

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
    fn what_is_typed_behind_an_operator() {
        assert_eq!(split_operator("20.1"), ("", "20.1"));
        assert_eq!(split_operator("^20"), ("^", "20"));
        assert_eq!(split_operator(">=1 <2"), (">=1 <", "2"));
        assert_eq!(split_operator("*"), ("", "*"));
    }
}
