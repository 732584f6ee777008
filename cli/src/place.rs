//! Where the index is, and what the program falls back on where there is none.

use std::{ffi::OsString, path::PathBuf};

use anyhow::Context;
use catalog::LocalSource;
use directories::ProjectDirs;

/// The starter index that the program carries; made by `cargo xtask starter`.
pub static STARTER: &[u8] = include_bytes!("../starter.bin");

/// Options of all commands.
#[derive(Debug, clap::Args)]
pub struct PlaceArgs {
    /// The directory of the version index [default: one in your data directory].
    #[arg(long = "index", value_name = "DIR", env = "NIX_ARCHIVER_INDEX", global = true)]
    index: Option<OsString>,
}

/// Where things are on this machine.
#[derive(Debug, Clone)]
pub struct Place {
    /// The directory of the user's index; it may not exist yet.
    pub index: PathBuf,
    /// Where the starter index is unpacked, if the system says where such things go.
    pub cache: Option<PathBuf>,
}

/// Where the user's settings are, on every platform where home-manager puts them: as the XDG base
/// directory specification has it (<https://specifications.freedesktop.org/basedir-spec/latest/>).
///
/// # Errors
/// If the user has no home.
pub fn settings() -> anyhow::Result<PathBuf> {
    let asked = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    if let Some(asked) = asked.filter(|path| path.is_absolute()) {
        return Ok(asked);
    }
    let home = directories::BaseDirs::new().context("there is no home directory with settings")?;
    Ok(home.home_dir().join(".config"))
}

impl Place {
    /// The index that was asked for, by option or environment, or else the one in the platform's
    /// data directory.
    ///
    /// # Errors
    /// If nothing was asked for and the platform has no such directory.
    pub fn find(args: PlaceArgs) -> anyhow::Result<Self> {
        let dirs = ProjectDirs::from("", "", "nix-archiver");
        // An empty variable is as good as none.
        let asked = args.index.filter(|index| !index.is_empty()).map(PathBuf::from);
        let index = asked.or_else(|| Some(dirs.as_ref()?.data_dir().join("index")));
        let index = index.context(
            "there is no home directory to keep the version index in; \
             name a directory with --index or NIX_ARCHIVER_INDEX",
        )?;
        Ok(Self { index, cache: dirs.map(|dirs| dirs.cache_dir().to_owned()) })
    }

    /// Packages from the index, or from the starter where there is none.
    pub fn source(&self) -> LocalSource {
        LocalSource::new(self.index.clone(), STARTER, self.cache.clone())
    }
}
