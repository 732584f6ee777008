//! `nix-archiver export`: everything in the index, for other programs.

use std::io::{self, BufWriter, Write};

use anyhow::Context;
use catalog::{Ledger, Record};
use model::{Commit, date::format_day};

use crate::{exit::Exit, place::Place};

const EXAMPLES: &str = "\
Examples:
  nix-archiver export > spans.tsv
  nix-archiver export | awk -F'\\t' '$1 == \"firefox\" { print $3, $5 }'

The columns: attribute path, name, version, branch, day and commit where the version was first seen,
day and commit where it was last seen, `open` if it is still there at the branch's newest commit,
the path that this one is another name of, and the file that says which version it is.";

/// Print every span of every version, one a line, with tabs between columns.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// If the index cannot be read.
pub fn run(_: Args, place: &Place) -> anyhow::Result<Exit> {
    let (ledger, mut records) = catalog::reader::read_all(&place.index)?;
    records.sort_by(|a, b| a.attr_path.cmp(&b.attr_path));
    let mut out = BufWriter::new(io::stdout().lock());
    writeln!(
        out,
        "attr_path\tpname\tversion\tbranch\tfirst_day\tfirst\tlast_day\tlast\topen\talias_of\tfile"
    )?;
    for record in &records {
        print(&mut out, &ledger, record)?;
    }
    out.flush()?;
    Ok(Exit::Fine)
}

fn print(out: &mut impl Write, ledger: &Ledger, record: &Record) -> anyhow::Result<()> {
    for release in &record.releases {
        for span in &release.spans {
            let branch = ledger.branches.get(usize::from(span.branch));
            let branch = branch.context("a span is on a branch that the index does not have")?;
            let at = |place: u32| branch.commits.get(place as usize).copied();
            let last = span.last.map_or_else(|| branch.commits.last().copied(), at);
            let ends = at(span.first).zip(last).context("a span leaves its branch")?;
            let place = |Commit { id, date }: Commit| format!("{}\t{id}", format_day(date));
            writeln!(
                out,
                "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
                record.attr_path,
                release.facts.pname.as_deref().unwrap_or_default(),
                release.version,
                branch.name,
                place(ends.0),
                place(ends.1),
                if span.last.is_none() { "open" } else { "" },
                record.alias_of.as_ref().map_or("", |path| path.as_str()),
                release.facts.file.as_deref().unwrap_or_default(),
            )?;
        }
    }
    Ok(())
}
