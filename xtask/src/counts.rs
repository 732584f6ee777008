//! How many tests ran, read from what test runners print at their end.

/// Tests that passed, failed and were left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that ran and passed.
    pub passed: u64,
    /// Tests that ran and did not pass, however they ended.
    pub failed: u64,
    /// Tests that were left out.
    pub skipped: u64,
}

impl Counts {
    /// How many ran.
    pub fn ran(self) -> u64 {
        self.passed + self.failed
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// The closing lines of all runners in this output, added up. Understood are those of nextest
/// (`Summary [..] 3 tests run: 2 passed, 1 failed, 1 skipped`), of Rust's own harness (`test result:
/// ok. 3 passed; 0 failed; 1 ignored; ..`), of Node's (`ℹ pass 3`, `# fail 0`), and the plain
/// `3 passed, 0 failed`.
pub fn read(output: &str) -> Counts {
    let mut sum = Counts::default();
    for line in output.lines().map(str::trim) {
        let counted = line
            .strip_prefix("Summary [")
            .and_then(|rest| rest.split_once("run: ").map(|(_, counts)| counts))
            .or_else(|| {
                line.strip_prefix("test result: ").and_then(|r| r.split_once(". ")?.1.into())
            })
            .or_else(|| is_plain(line).then_some(line));
        if let Some(counted) = counted {
            sum += in_words(counted);
        } else if let Some(node) = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# ")) {
            sum += of_node(node);
        }
    }
    sum
}

fn is_plain(line: &str) -> bool {
    let numbers = line
        .split_once(" passed, ")
        .and_then(|(passed, rest)| Some((passed, rest.strip_suffix(" failed")?)));
    numbers.is_some_and(|(passed, failed)| {
        passed.parse::<u64>().is_ok() && failed.parse::<u64>().is_ok()
    })
}

fn in_words(text: &str) -> Counts {
    let mut counts = Counts::default();
    for part in text.split([',', ';']) {
        let Some((number, word)) = part.trim().split_once(' ') else { continue };
        let Ok(number) = number.parse::<u64>() else { continue };
        match word.split(' ').next().unwrap_or(word) {
            "passed" => counts.passed += number,
            "failed" | "timed" | "exec" => counts.failed += number,
            "skipped" | "ignored" => counts.skipped += number,
            _ => {}
        }
    }
    counts
}

fn of_node(text: &str) -> Counts {
    let mut counts = Counts::default();
    if let Some((word, number)) = text.split_once(' ')
        && let Ok(number) = number.parse()
    {
        match word {
            "pass" => counts.passed = number,
            "fail" | "cancelled" => counts.failed = number,
            "skipped" | "todo" => counts.skipped = number,
            _ => {}
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_read() {
        for (output, passed, failed, skipped) in [
            ("     Summary [   0.1s] 45 tests run: 45 passed, 2 skipped", 45, 0, 2),
            (
                "Summary [ 1.0s] 9 tests run: 6 passed (1 slow), 2 failed, 1 timed out, 0 skipped",
                6,
                3,
                0,
            ),
            (
                "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; ..",
                3,
                0,
                1,
            ),
            ("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured", 3, 2, 0),
            ("test result: ok. 1 passed; 0 failed\ntest result: ok. 2 passed; 0 failed", 3, 0, 0),
            (
                "# tests 9\n# suites 1\n# pass 8\n# fail 1\n# cancelled 1\n# skipped 3\n# todo 0",
                8,
                2,
                3,
            ),
            ("ℹ pass 9\nℹ fail 0", 9, 0, 0),
            ("ok 1 - a\n12 passed, 1 failed\n", 12, 1, 0),
            ("I said that 3 passed, 2 failed", 0, 0, 0),
            ("# passing 3 by", 0, 0, 0),
            ("", 0, 0, 0),
        ] {
            assert_eq!(read(output), Counts { passed, failed, skipped }, "{output}");
        }
    }
}
