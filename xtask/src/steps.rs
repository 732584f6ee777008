//! A run of several steps: each is named, timed and counted, and the end says what came of them.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    Result,
    counts::{self, Counts},
    exec,
};

/// How a step is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It prepares the others; it is not a test, and if it fails the run cannot go on.
    Preparation,
    /// It is one test.
    AsOne,
    /// It runs tests and says at its end how many.
    ByItsTests,
}

/// The steps that were taken.
#[derive(Default)]
pub struct Steps {
    taken: Vec<Taken>,
}

struct Taken {
    name: &'static str,
    time: Duration,
    counts: Counts,
    trouble: Option<String>,
}

impl Steps {
    /// Takes a step that is a program.
    ///
    /// # Errors
    /// If it is a preparation that failed. A failed test is remembered, and the run goes on.
    pub fn program(&mut self, name: &'static str, counted: Counted, command: Command) -> Result {
        self.take(name, counted, || {
            let ran = exec::run_and_keep(command)?;
            Ok((ran.success, counts::read(&ran.output)))
        })
    }

    /// Takes a step that is done here.
    ///
    /// # Errors
    /// As [`Steps::program`].
    pub fn here(
        &mut self,
        name: &'static str,
        counted: Counted,
        step: impl FnOnce() -> Result,
    ) -> Result {
        self.take(name, counted, || step().map(|()| (true, Counts::default())))
    }

    fn take(
        &mut self,
        name: &'static str,
        counted: Counted,
        step: impl FnOnce() -> Result<(bool, Counts)>,
    ) -> Result {
        println!("\n── {name} ──");
        let begun = Instant::now();
        let (counts, trouble) = match step() {
            Ok((success, read)) => judge(counted, success, read),
            Err(why) => (Counts { failed: 1, ..Counts::default() }, Some(why)),
        };
        let time = begun.elapsed();
        match &trouble {
            None => println!("── {name}: done in {} ──", seconds(time)),
            Some(why) => println!("── {name}: FAILED after {}: {why} ──", seconds(time)),
        }
        let stop = trouble.is_some() && counted == Counted::Preparation;
        self.taken.push(Taken { name, time, counts, trouble });
        if stop { Err(format!("{name} failed, and what follows needs it")) } else { Ok(()) }
    }

    /// Prints what came of each step, and at the very end how many tests passed and failed.
    ///
    /// # Errors
    /// If any step failed, or no test was run.
    pub fn finish(self, stopped: Result) -> Result {
        println!(
            "\n{:<28} {:>9} {:>8} {:>8} {:>8}",
            "step", "time", "passed", "failed", "left out"
        );
        let mut sum = Counts::default();
        let mut total = Duration::ZERO;
        for step in &self.taken {
            let Counts { passed, failed, skipped } = step.counts;
            let mark = if step.trouble.is_some() { "  FAILED" } else { "" };
            let time = seconds(step.time);
            println!("{:<28} {time:>9} {passed:>8} {failed:>8} {skipped:>8}{mark}", step.name);
            sum += step.counts;
            total += step.time;
        }
        println!("{:<28} {:>9}", "all", seconds(total));
        if let Err(why) = &stopped {
            println!("The run was cut short: {why}.");
        }
        println!("\n{} passed, {} failed", sum.passed, sum.failed);
        let bad = self.taken.iter().filter(|step| step.trouble.is_some()).count();
        match (stopped, bad) {
            (Err(why), _) => Err(why),
            (Ok(()), 0) if sum.ran() > 0 => Ok(()),
            (Ok(()), 0) => Err("no test was run".to_owned()),
            (Ok(()), _) => Err(format!("{bad} of {} steps failed", self.taken.len())),
        }
    }
}

// A runner that fails without a failed test, or that ran no test at all, has failed once.
fn judge(counted: Counted, success: bool, read: Counts) -> (Counts, Option<String>) {
    let counts = match counted {
        Counted::ByItsTests => read,
        Counted::AsOne if success => Counts { passed: 1, ..Counts::default() },
        Counted::AsOne | Counted::Preparation => Counts::default(),
    };
    let trouble = match counted {
        _ if !success => "see above".to_owned(),
        Counted::ByItsTests if counts.failed > 0 => format!("{} tests failed", counts.failed),
        Counted::ByItsTests if counts.passed == 0 => "it ran no test".to_owned(),
        _ => return (counts, None),
    };
    let counts = if counts.failed == 0 { Counts { failed: 1, ..counts } } else { counts };
    (counts, Some(trouble))
}

fn seconds(time: Duration) -> String {
    let whole = time.as_secs();
    if whole < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_without_tests_is_a_failure() {
        let (counts, trouble) = judge(Counted::ByItsTests, true, Counts::default());
        assert_eq!((counts.failed, trouble.as_deref()), (1, Some("it ran no test")));
    }

    #[test]
    fn a_failed_test_fails_the_step_whatever_the_runner_says() {
        let read = Counts { passed: 3, failed: 2, skipped: 0 };
        let (counts, trouble) = judge(Counted::ByItsTests, true, read);
        assert_eq!((counts.failed, trouble.is_some()), (2, true));
    }

    #[test]
    fn a_crash_after_passing_tests_counts_once() {
        let read = Counts { passed: 3, failed: 0, skipped: 0 };
        assert_eq!(judge(Counted::ByItsTests, false, read).0, Counts { failed: 1, ..read });
    }
}
