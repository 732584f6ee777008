//! Hashes of revisions, asked of an installed Nix, which downloads them.

use std::{
    io,
    process::{Command, Stdio},
};

use anyhow::{Context, bail};
use data_encoding::{BASE64, BitOrder, Specification};
use model::CommitId;

/// Where the archives of nixpkgs are; `{rev}` stands for the commit.
pub const ARCHIVES: &str = "https://github.com/NixOS/nixpkgs/archive/{rev}.tar.gz";

/// The hash of a revision's unpacked archive, `sha256-…`. Nix keeps what it downloaded, so that it is
/// there when it is built from.
///
/// # Errors
/// If there is no Nix, or it cannot download the archive.
pub fn nar_hash(archives: &str, revision: CommitId) -> anyhow::Result<String> {
    let url = archives.replace("{rev}", &revision.to_string());
    let mut nix = Command::new("nix-prefetch-url");
    // `builtins.fetchTarball` looks for this name in the store.
    nix.args(["--unpack", "--type", "sha256", "--name", "source", &url]);
    // What Nix says of the download is for the user to see.
    let answer = match nix.stderr(Stdio::inherit()).output() {
        Ok(answer) => answer,
        Err(error) if error.kind() == io::ErrorKind::NotFound => bail!(
            "--prefetch needs Nix, and nix-prefetch-url is not installed; --repo PATH computes the \
             hashes without it, from a clone of nixpkgs"
        ),
        Err(error) => return Err(error).context("starting nix-prefetch-url"),
    };
    if !answer.status.success() {
        bail!("Nix cannot download {url}; it says above why");
    }
    let said = String::from_utf8_lossy(&answer.stdout);
    let hash = said.lines().last().and_then(|line| in_base64(line.trim()));
    hash.with_context(|| format!("nix-prefetch-url gave no hash for {url}: {said:?}"))
}

/// A SHA-256 in Nix's own base 32 as it stands in a lock.
fn in_base64(hash: &str) -> Option<String> {
    // Nix numbers the bits from the lowest of the first byte, and writes the last digit first
    // (<https://nix.dev/manual/nix/latest/protocols/nix32>).
    let mut base32 = Specification::new();
    base32.symbols.push_str("0123456789abcdfghijklmnpqrsvwxyz");
    base32.bit_order = BitOrder::LeastSignificantFirst;
    base32.check_trailing_bits = true;
    let base32 = base32.encoding().expect("the digits are thirty-two");
    let digits: Vec<u8> = hash.bytes().rev().collect();
    let bytes = base32.decode(&digits).ok().filter(|bytes| bytes.len() == 32)?;
    Some(format!("sha256-{}", BASE64.encode(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_nix() {
        // As `nix-hash --type sha256 --to-base32` and `nix hash to-sri` have it of the empty text.
        let empty = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
        let sri = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(in_base64(empty).as_deref(), Some(sri));
        for no in ["", "0mdq", "e", &empty.to_uppercase(), &empty[1..]] {
            assert_eq!(in_base64(no), None, "{no}");
        }
    }
}
