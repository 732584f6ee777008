//! `nix-archiver index`.

use std::{
    io::{self, BufWriter, IsTerminal, Write},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use catalog::Writer;
use eval::Outcome;
use indexer::{Difference, Options, Progress, Report, channels::ChannelRelease};
use indicatif::{ProgressBar, ProgressStyle};
use model::{AttrPath, Commit, attr_path::quoted_if_needed, date::format_day};

use crate::{
    exit,
    exit::Exit,
    place::{Place, STARTER},
};

const EXAMPLES: &str = "\
Examples:
  nix-archiver index --repo ~/src/nixpkgs --branch nixpkgs-unstable
  nix-archiver index --repo ~/src/nixpkgs --branch nixpkgs-unstable --branch nixos-24.05
  nix-archiver index --repo ~/src/nixpkgs --branch nixpkgs-unstable --since 2024-01-01

Ctrl-C ends it at any moment; the same command then goes on from there. Run it again after
`git fetch` to read what is new. The clone may be bare, shallow or partial; what it lacks is left
out of the index, and counted.";

/// Read the history of a clone of nixpkgs into the version index.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The folder of a git clone of nixpkgs.
    #[arg(long, value_name = "PATH")]
    repo: PathBuf,
    /// The branch to read, local or of a remote [default: the one that is checked out]. Several are
    /// read one after the other; what they have in common is looked at once.
    #[arg(long, value_name = "NAME")]
    branch: Vec<String>,
    /// Begin at this day (YYYY-MM-DD) or commit, not at the branch's first commit.
    #[arg(long, value_name = "DATE|COMMIT")]
    since: Option<String>,
    /// Note which commits were releases of channels, by the lines of this file: a day, a revision (its
    /// first seven digits at least) and the channel's name. Pins are then taken from releases where
    /// there is a choice: what those have is in the binary cache.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dump_at", "verify"])]
    channel_history: Option<PathBuf>,
    /// Do not begin a new index with what this program knows already.
    #[arg(long)]
    from_scratch: bool,
    /// How many threads read side by side; each takes its own memory [default: one a processor].
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Save what was read after this many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 25.0, value_parser = seconds)]
    save_every: f64,
    /// Read this one revision, print each package's attribute path, name and version, separated by
    /// tabs, and leave the index alone.
    #[arg(long, value_name = "REV", conflicts_with = "since")]
    dump_at: Option<String>,
    /// Read nothing new: look at N attribute paths at commits of the index again, each from scratch,
    /// and say where the index has it otherwise. Ends with 1 if there is such a place.
    #[arg(long, value_name = "N", conflicts_with_all = ["since", "branch", "dump_at"])]
    verify: Option<usize>,
    /// With --verify: picks which; the same seed picks the same.
    #[arg(long, value_name = "NUMBER", requires = "verify", default_value_t = 0)]
    seed: u64,
    /// With --dump-at: also print the attribute paths whose version is not certain, and in a fourth
    /// column why.
    #[arg(long, requires = "dump_at")]
    reasons: bool,
}

/// Runs the command.
///
/// # Errors
/// If the repository cannot be read, or the index not written.
pub fn run(args: Args, place: &Place) -> anyhow::Result<Exit> {
    let mut options = Options::new(args.repo);
    options.since = args.since;
    options.save_every = Duration::from_secs_f64(args.save_every);
    options.threads = args.jobs.unwrap_or(options.threads);
    if let Some(count) = args.verify {
        return verify(&options.repository, &place.index, count, args.seed);
    }
    match args.dump_at {
        Some(revision) => dump(&options, &revision, args.reasons),
        None => {
            let history = args.channel_history.as_deref().map(channel_history).transpose()?;
            let seeded = !args.from_scratch;
            index(options, &args.branch, seeded, history.as_deref(), &place.index)
        }
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds is wanted".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(_) => Ok(seconds),
        Err(_) => Err("it must be neither negative nor beyond all measure".to_owned()),
    }
}

fn index(
    mut options: Options,
    branches: &[String],
    seeded: bool,
    history: Option<&[ChannelRelease]>,
    dir: &Path,
) -> anyhow::Result<Exit> {
    let interrupt = interrupted_by_ctrl_c();
    let mut writer = Writer::open(dir)?;
    let branches = branches.iter().cloned().map(Some).collect::<Vec<_>>();
    for branch in if branches.is_empty() { vec![None] } else { branches } {
        options.branch = branch;
        let empty = writer.ledger().branches.is_empty();
        if empty && options.since.is_none() && seeded {
            seed(&options, &mut writer)?;
        }
        let mut shown = Shown::new();
        let report = indexer::run(&options, &mut writer, &mut shown, &interrupt);
        let report = report.map_err(in_words)?;
        shown.finish();
        print(&report)?;
        if report.interrupted {
            break;
        }
    }
    if let Some(history) = history {
        let mut ledger = writer.ledger().clone();
        let found = indexer::channels::mark(&mut ledger, history);
        writer.commit(ledger)?;
        writeln!(
            io::stdout(),
            "{found} of {} channel releases are commits of the index",
            history.len()
        )?;
    }
    writer.close()?;
    writeln!(io::stdout(), "index: {}", dir.display())?;
    Ok(Exit::Fine)
}

/// Reads a file of channel releases.
fn channel_history(file: &Path) -> anyhow::Result<Vec<ChannelRelease>> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| exit::usage(format!("{}: {error}", file.display())))?;
    let releases = indexer::channels::parse(&text);
    releases.map_err(|error| exit::usage(format!("{}:{error}", file.display())))
}

/// Begins an empty index with what the program carries, if the branch goes through it.
fn seed(options: &Options, writer: &mut Writer) -> anyhow::Result<()> {
    let ledger = catalog::starter::ledger(STARTER)?;
    for newest in ledger.branches.iter().filter_map(|branch| branch.commits.last()) {
        if indexer::has_commit(options, newest.id).map_err(in_words)? {
            catalog::starter::seed(STARTER, writer)?;
            // What the program knew is a note, not a result.
            let day = format_day(newest.date);
            let _ = writeln!(io::stderr(), "beginning with what is known already, up to {day}");
            break;
        }
    }
    Ok(())
}

fn verify(repository: &Path, index: &Path, count: usize, seed: u64) -> anyhow::Result<Exit> {
    let (ledger, mut records) = catalog::reader::read_all(index)?;
    records.sort_by(|a, b| a.attr_path.cmp(&b.attr_path));
    let interrupt = interrupted_by_ctrl_c();
    let bar = std::io::stderr().is_terminal().then(|| ProgressBar::new(count as u64));
    let mut progress = |done: usize| bar.iter().for_each(|bar| bar.set_position(done as u64));
    let verified =
        indexer::verify(repository, &ledger, &records, count, seed, &interrupt, &mut progress)
            .map_err(in_words)?;
    bar.iter().for_each(ProgressBar::finish_and_clear);
    let mut out = io::stdout().lock();
    for Difference { attr_path, commit, index, repository } in &verified.differences {
        let index = index.as_deref().unwrap_or("nothing");
        let found = match repository {
            Outcome::Known { version, .. } => version.clone(),
            Outcome::Gone => "nothing".to_owned(),
            Outcome::Unknown(why) => format!("not certain: {why}"),
        };
        writeln!(
            out,
            "{attr_path} at {} ({}): the index says {index}, the repository {found}",
            commit.id,
            format_day(commit.date)
        )?;
    }
    writeln!(
        out,
        "{} places looked at, {} of them with a version: {} differences",
        verified.looked_at,
        verified.versions,
        verified.differences.len()
    )?;
    Ok(if verified.differences.is_empty() { Exit::Fine } else { Exit::Nothing })
}

/// Becomes true when the user presses Ctrl-C.
fn interrupted_by_ctrl_c() -> Arc<AtomicBool> {
    let interrupt = Arc::new(AtomicBool::new(false));
    let ask = interrupt.clone();
    // Where there is no signal to be had, only Ctrl-C at a bad moment is lost: nothing else is.
    let _ = ctrlc::set_handler(move || ask.store(true, Ordering::Relaxed));
    interrupt
}

/// What was typed wrongly ends with another exit code than what is wrong on the machine.
fn in_words(error: indexer::Error) -> anyhow::Error {
    use indexer::Error as E;
    match error {
        E::NoBranch { .. }
        | E::NoHead { .. }
        | E::ManyBranches { .. }
        | E::NoSuchRevision(_)
        | E::NothingSince { .. }
        | E::NotOnLine { .. } => exit::usage(error.to_string()),
        other => other.into(),
    }
}

fn print(report: &Report) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let Report { branch, commits, .. } = report;
    match report.covers {
        Some((first, last)) => writeln!(
            out,
            "{branch}: {commits} new commits read; the index has it from {} ({}) to {} ({})",
            format_day(first.date),
            first.id.short(),
            format_day(last.date),
            last.id.short()
        )?,
        None => writeln!(out, "{branch}: no commits read")?,
    }
    if *commits > 0 {
        writeln!(
            out,
            "{} packages with a version at the newest commit; {} more whose version is not certain",
            report.known, report.unknown
        )?;
    }
    if report.absent > 0 {
        writeln!(
            out,
            "{} objects are not in this clone; what depends on them is not in the index",
            report.absent
        )?;
    }
    if report.failed > 0 {
        writeln!(out, "{} commits could not be read for want of their trees", report.failed)?;
    }
    if report.interrupted {
        writeln!(out, "stopped early; run the same command again to go on from there")?;
    }
    Ok(())
}

/// An attribute path as `nix-env -qaP` prints it: keywords are not quoted there.
fn as_nix_prints(path: &AttrPath) -> String {
    let segment = |name: &String| {
        let word = name.bytes().all(|b| b.is_ascii_lowercase());
        if word { name.clone() } else { quoted_if_needed(name) }
    };
    path.segments().iter().map(segment).collect::<Vec<_>>().join(".")
}

fn dump(options: &Options, revision: &str, reasons: bool) -> anyhow::Result<Exit> {
    let observed = indexer::observe_at(options, revision).map_err(in_words)?;
    let mut out = BufWriter::new(io::stdout().lock());
    writeln!(out, "attr_path\tpname\tversion")?;
    let mut unknown = 0u64;
    let mut known = 0u64;
    for observation in observed {
        match observation.outcome {
            Outcome::Known { version, facts, .. } => {
                known += 1;
                let pname = facts.pname.unwrap_or_default();
                writeln!(out, "{}\t{pname}\t{version}", as_nix_prints(&observation.attr_path))?;
            }
            Outcome::Unknown(why) => {
                unknown += 1;
                if reasons {
                    let why = why.replace(['\t', '\n'], " ");
                    writeln!(out, "{}\t\t\t{why}", as_nix_prints(&observation.attr_path))?;
                }
            }
            Outcome::Gone => {}
        }
    }
    out.flush()?;
    let summary = format!("{known} packages; {unknown} more whose version is not certain");
    writeln!(io::stderr(), "{summary}").context("the summary could not be written")?;
    Ok(if known == 0 { Exit::Nothing } else { Exit::Fine })
}

/// How far the run is: a bar on a terminal, now and then a line elsewhere.
struct Shown {
    bar: Option<ProgressBar>,
    commits: usize,
    begun: Instant,
    said: Instant,
}

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

impl Shown {
    fn new() -> Self {
        let now = Instant::now();
        Self { bar: None, commits: 0, begun: now, said: now }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Shown {
    fn begin(&mut self, branch: &str, commits: usize) {
        self.commits = commits;
        self.begun = Instant::now();
        if commits > 0 && io::stderr().is_terminal() {
            let style = ProgressStyle::with_template(
                "{prefix} {wide_bar} {pos}/{len} commits, {per_sec}, {eta} left ({msg})",
            )
            .expect("the template is a constant");
            let bar = ProgressBar::new(commits as u64).with_style(style);
            bar.set_prefix(branch.to_owned());
            self.bar = Some(bar);
        } else if commits > 0 {
            // A line that cannot be written is not worth ending the run for.
            let _ = writeln!(io::stderr(), "{branch}: {commits} commits to read");
        }
    }

    fn read(&mut self, done: usize, commit: Commit) {
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
            if done.is_multiple_of(64) {
                bar.set_message(format_day(commit.date));
            }
        } else if self.said.elapsed() >= LINE_EVERY {
            self.said = Instant::now();
            let rate = done as f64 / self.begun.elapsed().as_secs_f64();
            let left = (self.commits - done) as f64 / rate;
            let _ = writeln!(
                io::stderr(),
                "{done} of {} commits ({}), {rate:.0} a second, {left:.0} seconds left",
                self.commits,
                format_day(commit.date)
            );
        }
    }

    fn saved(&mut self, _: Commit) {}
}
