//! The starter index: packed, unpacked once, and used for as long as there is nothing better.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs::{self, File},
    path::Path,
    sync::Barrier,
    time::{Duration, SystemTime},
};

use model::{
    AttrPath, IndexOrigin, MemorySource, Package, PackageSource, SourceError, contract::samples,
};
use nix_archiver_catalog::{
    Error, LocalSource, Reader, Writer, from_packages,
    starter::{self, install, seed},
};

fn write_index(dir: &Path, packages: &[Package]) {
    let mut writer = Writer::open(dir).unwrap();
    let (ledger, records) = from_packages(packages);
    records.into_iter().for_each(|record| writer.put(record).unwrap());
    writer.commit(ledger).unwrap();
    writer.close().unwrap();
}

/// A starter file of these packages.
fn packed(packages: &[Package]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    write_index(&dir.path().join("index"), packages);
    let file = dir.path().join("starter.bin");
    let size = starter::write(&dir.path().join("index"), &file).unwrap();
    let bytes = fs::read(&file).unwrap();
    assert_eq!(size, bytes.len() as u64);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing half written is left");
    bytes
}

fn names(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn same(source: &dyn PackageSource, packages: &[Package]) {
    let memory = MemorySource::new(packages.to_vec());
    assert_eq!(source.by_prefix("", 1000), memory.by_prefix("", 1000));
    for package in packages {
        assert_eq!(source.package(&package.attr_path).unwrap().as_ref(), Some(package));
    }
}

#[test]
fn what_goes_in_comes_out() {
    let starter = packed(&samples());
    assert_eq!(packed(&samples()), starter, "the same index gives the same bytes");
    let cache = tempfile::tempdir().unwrap();
    let dir = install(&starter, &cache.path().join("deep")).unwrap();
    let reader = Reader::open(&dir).unwrap();
    same(&reader, &samples());
    assert_eq!(reader.status().unwrap().origin, IndexOrigin::Starter);
    assert_eq!(starter::ledger(&starter).unwrap(), from_packages(&samples()).0);
}

#[test]
fn it_is_unpacked_once_however_many_ask() {
    let starter = packed(&samples());
    let cache = tempfile::tempdir().unwrap();
    let together = Barrier::new(8);
    let dirs: Vec<_> = std::thread::scope(|scope| {
        let ask = || {
            together.wait();
            let dir = install(&starter, cache.path()).unwrap();
            same(&Reader::open(&dir).unwrap(), &samples());
            dir
        };
        let all: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(dirs.iter().all(|dir| *dir == dirs[0]));
    assert_eq!(names(cache.path()).len(), 1, "{:?}", names(cache.path()));
    let made = fs::metadata(dirs[0].join("meta.json")).unwrap().modified().unwrap();
    install(&starter, cache.path()).unwrap();
    assert_eq!(fs::metadata(dirs[0].join("meta.json")).unwrap().modified().unwrap(), made);
}

#[test]
fn each_release_has_its_own_and_old_ones_go() {
    let cache = tempfile::tempdir().unwrap();
    let (first, second) = (packed(&samples()), packed(&samples()[..3]));
    let old = install(&first, cache.path()).unwrap();
    let new = install(&second, cache.path()).unwrap();
    assert_ne!(old, new);
    assert!(old.exists(), "the other release may still be in use");
    same(&Reader::open(&new).unwrap(), &samples()[..3]);

    // A killed process's half unpacked one, a fresh one of a process at work, and things of others.
    for name in ["starter-1-dead.7-0.tmp", "starter-1-work.8-0.tmp", "other"] {
        fs::create_dir(cache.path().join(name)).unwrap();
    }
    let long_ago = SystemTime::now() - Duration::from_secs(400 * 24 * 3600);
    for name in [old.file_name().unwrap().to_str().unwrap(), "starter-1-dead.7-0.tmp", "other"] {
        File::open(cache.path().join(name)).unwrap().set_modified(long_ago).unwrap();
    }
    fs::remove_dir_all(&new).unwrap();
    install(&second, cache.path()).unwrap();
    let new = new.file_name().unwrap().to_str().unwrap();
    let mut wanted = vec!["other", new, "starter-1-work.8-0.tmp"];
    wanted.sort_unstable();
    assert_eq!(names(cache.path()), wanted);
}

#[test]
fn an_index_begins_from_it() {
    let starter = packed(&samples());
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(dir.path()).unwrap();
    seed(&starter, &mut writer).unwrap();
    assert_eq!(writer.ledger(), &from_packages(&samples()).0);
    assert!(matches!(seed(&starter, &mut writer), Err(Error::Inconsistent(_))));
    writer.close().unwrap();
    let reader = Reader::open(dir.path()).unwrap();
    same(&reader, &samples());
    assert_eq!(reader.status().unwrap().origin, IndexOrigin::Indexed);
}

#[test]
fn where_it_cannot_be_unpacked() {
    let starter = packed(&samples());
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "not a directory").unwrap();
    let error = install(&starter, &file.join("cache")).unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
    let mut damaged = starter;
    damaged[30] ^= 1;
    assert!(matches!(install(&damaged, dir.path()), Err(Error::Source(_))));
    assert_eq!(names(dir.path()), ["file"]);
}

#[test]
fn it_answers_until_there_is_an_index() {
    let starter: &'static [u8] = packed(&samples()).leak();
    let dir = tempfile::tempdir().unwrap();
    let (index, cache) = (dir.path().join("index"), dir.path().join("cache"));
    let source = LocalSource::new(index.clone(), starter, Some(cache.clone()));
    assert!(!cache.exists(), "nothing is unpacked before it is needed");
    let origin = || source.status().unwrap().origin;
    same(&source, &samples());
    assert_eq!(origin(), IndexOrigin::Starter);

    // An index that nothing was committed to is none yet.
    let writer = Writer::open(&index).unwrap();
    assert_eq!(origin(), IndexOrigin::Starter);
    drop(writer);
    write_index(&index, &samples()[..2]);
    same(&source, &samples()[..2]);
    assert_eq!(origin(), IndexOrigin::Indexed);
    assert_eq!(source.package(&AttrPath::top("firefox")), Ok(None));

    fs::remove_dir_all(&index).unwrap();
    same(&source, &samples());

    // An index that is there and cannot be read is not passed over in silence.
    write_index(&index, &samples());
    let meta = fs::read_to_string(index.join("meta.json")).unwrap();
    fs::write(index.join("meta.json"), meta.replace(r#"\"format\":1"#, r#"\"format\":9"#)).unwrap();
    let error = source.by_prefix("n", 1).unwrap_err();
    assert!(matches!(&error, SourceError::Format { found, .. } if found == "9"), "{error}");
}

#[test]
fn without_a_cache_there_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let source = LocalSource::new(dir.path().join("index"), b"", None);
    assert!(matches!(source.status(), Err(SourceError::Missing(_))));
}
