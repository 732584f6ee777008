//! Files on disk, written all at once.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

/// Puts a file in the place of what is at a path, all at once: whoever reads it sees the old text or
/// the new one. A symbolic link stays one, and what it leads to is replaced; so do permissions.
///
/// # Errors
/// If the file or its folder cannot be written. The old file is then as it was.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.prefix(".nix-archiver").tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    if let Ok(old) = fs::metadata(&target) {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(&target)?;
    Ok(())
}
