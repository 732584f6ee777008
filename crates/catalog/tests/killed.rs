//! A writer that is killed, without a chance to tidy up, leaves an index that opens and goes on.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use model::{AttrPath, Commit, CommitId, Facts, PackageSource};
use nix_archiver_catalog::{
    BranchLedger, Ledger, Reader, Record, RecordedRelease, RecordedSpan, Writer,
};

/// Set for the process that is to be killed: the directory of its index.
const VICTIM: &str = "NIX_ARCHIVER_TEST_VICTIM";

/// After `n` steps the ledger has `n` commits and there are `n` packages, `often` among them.
fn step(writer: &mut Writer, n: u32) {
    let record = |name: &str, first| Record {
        attr_path: AttrPath::top(name),
        alias_of: None,
        releases: vec![RecordedRelease {
            version: n.to_string(),
            facts: Facts { description: Some("long ".repeat(500)), ..Facts::default() },
            spans: vec![RecordedSpan { branch: 0, first, last: None }],
        }],
    };
    if n > 1 {
        writer.put(record(&format!("p{n}"), n - 1)).unwrap();
    }
    writer.put(record("often", 0)).unwrap();
    let commit = |n: u32| Commit { id: CommitId([1; 20]), date: i64::from(n) };
    let commits = (0..n).map(commit).collect();
    let branch = BranchLedger { name: "b".into(), commits, ..BranchLedger::default() };
    writer.commit(Ledger { branches: vec![branch] }).unwrap();
}

fn steps_done(writer: &Writer) -> u32 {
    let branch = writer.ledger().branches.first();
    branch.map_or(0, |branch| u32::try_from(branch.commits.len()).unwrap())
}

fn write_until_killed(dir: &Path) -> ! {
    let mut writer = Writer::open(dir).unwrap();
    let mut n = steps_done(&writer);
    loop {
        n += 1;
        step(&mut writer, n);
    }
}

#[test]
fn the_last_commit_is_what_is_left() {
    if let Some(dir) = std::env::var_os(VICTIM) {
        write_until_killed(Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    let mut done = 0;
    for round in 0..12u64 {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_last_commit_is_what_is_left"])
            .env(VICTIM, dir.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // It is let come some way, and then killed at another moment each time.
        let start = Instant::now();
        let came_on = || {
            let reader = Reader::open(dir.path()).ok();
            let status = reader.and_then(|reader| reader.status().ok());
            status.is_some_and(|status| status.packages > done + 1)
        };
        while !came_on() {
            assert!(start.elapsed() < Duration::from_secs(60), "the writer does nothing");
            assert!(victim.try_wait().unwrap().is_none(), "the writer ended by itself");
        }
        std::thread::sleep(Duration::from_micros(round * 1_700));
        victim.kill().unwrap();
        victim.wait().unwrap();

        let reader = Reader::open(dir.path()).unwrap();
        let status = reader.status().unwrap();
        assert!(status.packages > done + 1, "what was committed is still there");
        assert_eq!(
            status.branches[0].commits, status.packages,
            "rows and ledger are of one commit"
        );
        let often = reader.package(&AttrPath::top("often")).unwrap().unwrap();
        assert_eq!(often.releases[0].version, status.packages.to_string());

        let mut writer = Writer::open(dir.path()).unwrap();
        let n = steps_done(&writer);
        assert_eq!(u64::from(n), status.packages);
        step(&mut writer, n + 1);
        writer.close().unwrap();
        done = reader.status().unwrap().packages;
        assert_eq!(done, u64::from(n) + 1);
    }
}
