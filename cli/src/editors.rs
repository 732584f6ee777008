//! The editors that the program can be set up in: which files that takes, and how they stand.
//!
//! A file that is ours alone is written whole. In a file of the user's, our lines stand between two
//! marks; whatever is outside them is never touched.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::ValueEnum;

/// An editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Editor {
    /// Visual Studio Code, and editors made from it.
    Vscode,
    /// Neovim.
    Neovim,
    /// Helix.
    Helix,
    /// Emacs, with Eglot or lsp-mode.
    Emacs,
    /// Kakoune, with kakoune-lsp.
    Kakoune,
    /// Zed.
    Zed,
}

/// Where users' files are.
#[derive(Debug, Clone)]
pub struct Folders {
    /// The home folder.
    pub home: PathBuf,
    /// `$XDG_CONFIG_HOME`, or `~/.config`: the editors here use it on every system.
    pub config: PathBuf,
    /// `$XDG_DATA_HOME`, or `~/.local/share`.
    pub data: PathBuf,
}

/// A file, or some lines of one, that the set-up of an editor consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The file.
    pub path: PathBuf,
    /// What stands in it.
    pub text: &'static str,
    /// How a line of comment begins, if the file is the user's and the lines stand between marks.
    pub comment: Option<&'static str>,
}

/// How a piece stands on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is not there.
    Missing,
    /// It is there as this program would write it.
    Current,
    /// It is there in another form, such as an earlier release wrote.
    Different,
    /// The user's file speaks of nix-archiver outside our marks, at this line (from 1).
    ByHand(usize),
}

const NEOVIM: &str = include_str!("../../editors/neovim/nix-archiver.lua");
const HELIX: &str = include_str!("../../editors/helix/languages.toml");
const EMACS: &str = include_str!("../../editors/emacs/nix-archiver.el");
const KAKOUNE: &str = include_str!("../../editors/kakoune/nix-archiver.kak");
const ZED: [(&str, &str); 5] = [
    ("extension.toml", include_str!("../../editors/zed/extension.toml")),
    ("Cargo.toml", include_str!("../../editors/zed/Cargo.toml")),
    ("src/lib.rs", include_str!("../../editors/zed/src/lib.rs")),
    ("LICENSE-MIT", include_str!("../../LICENSE-MIT")),
    ("LICENSE-APACHE", include_str!("../../LICENSE-APACHE")),
];

impl Editor {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Vscode, Self::Neovim, Self::Helix, Self::Emacs, Self::Kakoune, Self::Zed];

    /// Its name on the command line.
    pub fn key(self) -> &'static str {
        match self {
            Self::Vscode => "vscode",
            Self::Neovim => "neovim",
            Self::Helix => "helix",
            Self::Emacs => "emacs",
            Self::Kakoune => "kakoune",
            Self::Zed => "zed",
        }
    }

    /// Its name in sentences.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vscode => "VS Code",
            Self::Neovim => "Neovim",
            Self::Helix => "Helix",
            Self::Emacs => "Emacs",
            Self::Kakoune => "Kakoune",
            Self::Zed => "Zed",
        }
    }

    /// What its program may be called.
    pub fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Vscode => &["code", "codium", "code-server", "cursor"],
            Self::Neovim => &["nvim"],
            Self::Helix => &["hx", "helix"],
            Self::Emacs => &["emacs"],
            Self::Kakoune => &["kak"],
            Self::Zed => &["zed", "zeditor"],
        }
    }

    /// The files that its set-up consists of; none for VS Code, which installs packages itself.
    pub fn pieces(self, folders: &Folders) -> Vec<Piece> {
        let whole = |path, text| Piece { path, text, comment: None };
        match self {
            Self::Vscode => Vec::new(),
            // What is in this folder is read at each start.
            Self::Neovim => {
                vec![whole(folders.config.join("nvim/plugin/nix-archiver.lua"), NEOVIM)]
            }
            Self::Helix => vec![Piece {
                path: folders.config.join("helix/languages.toml"),
                text: HELIX,
                comment: Some("#"),
            }],
            Self::Emacs => {
                let (init, folder) = emacs(folders);
                vec![
                    whole(folder.join("nix-archiver.el"), EMACS),
                    Piece {
                        path: init,
                        text: "(load (expand-file-name \"nix-archiver\" user-emacs-directory))\n",
                        comment: Some(";;"),
                    },
                ]
            }
            Self::Kakoune => vec![
                whole(folders.config.join("kak/nix-archiver.kak"), KAKOUNE),
                Piece {
                    path: folders.config.join("kak/kakrc"),
                    text: "source \"%val{config}/nix-archiver.kak\"\n",
                    comment: Some("#"),
                },
            ],
            Self::Zed => {
                let folder = zed_folder(folders);
                ZED.iter().map(|(name, text)| whole(folder.join(name), text)).collect()
            }
        }
    }

    /// What the user has to know beside that.
    pub fn then(self, folders: &Folders) -> String {
        match self {
            Self::Vscode => "\
VS Code installs the extension from a package, which `cargo xtask dist` makes:
  code --install-extension nix-archiver-linux-x64.vsix
The package for a platform carries this program; the one for all of them, nix-archiver.vsix, takes \
it from PATH."
                .to_owned(),
            Self::Neovim => "\
Then open a packages.nix. CTRL-X CTRL-O completes where no plug-in does so by itself."
                .to_owned(),
            Self::Helix => "\
Then `hx --health nix-packages` says whether the server is found. Open a packages.nix: Space k \
tells about a pin, Space a offers fixes."
                .to_owned(),
            Self::Emacs => "\
Then open a packages.nix in nix-mode or nix-ts-mode and start M-x eglot, or M-x lsp."
                .to_owned(),
            Self::Kakoune => "\
kakoune-lsp has to be started before it: in kakrc, `eval %sh{kak-lsp}` stands above these lines. \
Then open a packages.nix."
                .to_owned(),
            Self::Zed => format!(
                "Then call `zed: install dev extension` in Zed and choose {}. Zed builds it with \
                 Rust, which has to be installed by rustup.",
                zed_folder(folders).display()
            ),
        }
    }
}

/// Emacs's first init file and its folder, in the order in which Emacs looks for them
/// (Emacs manual, “Find Init”).
fn emacs(folders: &Folders) -> (PathBuf, PathBuf) {
    let dot = folders.home.join(".emacs.d");
    let xdg = folders.config.join("emacs");
    let folder = if !dot.exists() && xdg.exists() { xdg } else { dot };
    let single = [".emacs.el", ".emacs"].map(|name| folders.home.join(name));
    let init = single.into_iter().find(|file| file.exists());
    (init.unwrap_or_else(|| folder.join("init.el")), folder)
}

fn zed_folder(folders: &Folders) -> PathBuf {
    folders.data.join("nix-archiver/zed")
}

impl Folders {
    /// Those of the user.
    ///
    /// # Errors
    /// If there is no home folder.
    pub fn find() -> anyhow::Result<Self> {
        let dirs = directories::BaseDirs::new();
        let home = dirs.context("there is no home directory; set HOME")?.home_dir().to_owned();
        // Only an absolute path counts (XDG Base Directory Specification).
        let xdg = |variable: &str, otherwise: &str| {
            let set = std::env::var_os(variable).map(PathBuf::from);
            set.filter(|path| path.is_absolute()).unwrap_or_else(|| home.join(otherwise))
        };
        Ok(Self {
            config: xdg("XDG_CONFIG_HOME", ".config"),
            data: xdg("XDG_DATA_HOME", ".local/share"),
            home: home.clone(),
        })
    }
}

impl Piece {
    /// The text of its file; `None` if there is no such file.
    ///
    /// # Errors
    /// If it is there and cannot be read as text.
    pub fn read(&self) -> anyhow::Result<Option<String>> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("reading {}", self.path.display())),
        }
    }

    /// How it stands in a file with this text.
    ///
    /// # Errors
    /// If one of the marks is there without the other.
    pub fn standing(&self, text: Option<&str>) -> anyhow::Result<Standing> {
        let Some(text) = text else { return Ok(Standing::Missing) };
        let Some(comment) = self.comment else {
            return Ok(if text == self.text { Standing::Current } else { Standing::Different });
        };
        let block = find_block(&self.path, text, comment)?;
        let ours = |at: usize| block.as_ref().is_some_and(|block| block.lines.contains(&at));
        let is_theirs = |(at, line): &(usize, &str)| {
            let said = !line.trim_start().starts_with(comment) && line.contains("nix-archiver");
            said && !ours(*at)
        };
        let by_hand = text.lines().enumerate().find(is_theirs).map(|(at, _)| at);
        match (block, by_hand) {
            (_, Some(line)) => Ok(Standing::ByHand(line + 1)),
            (None, None) => Ok(Standing::Missing),
            (Some(block), None) if text[block.bytes.clone()] == self.block(comment) => {
                Ok(Standing::Current)
            }
            (Some(_), None) => Ok(Standing::Different),
        }
    }

    /// The text of its file with it in: in the place of an earlier one, or at the end.
    ///
    /// # Errors
    /// If one of the marks is there without the other.
    pub fn put_into(&self, text: Option<&str>) -> anyhow::Result<String> {
        let (Some(comment), text) = (self.comment, text.unwrap_or_default()) else {
            return Ok(self.text.to_owned());
        };
        let block = self.block(comment);
        if let Some(old) = find_block(&self.path, text, comment)? {
            return Ok([&text[..old.bytes.start], &block, &text[old.bytes.end..]].concat());
        }
        let gap = match text {
            "" => "",
            text if text.ends_with("\n\n") => "",
            text if text.ends_with('\n') => "\n",
            _ => "\n\n",
        };
        Ok([text, gap, &block].concat())
    }

    fn block(&self, comment: &str) -> String {
        format!(
            "{comment} {BEGIN} (written by `nix-archiver editor`, which replaces these lines)\n{}\
             {comment} {END}\n",
            self.text
        )
    }
}

const BEGIN: &str = "nix-archiver: begin";
const END: &str = "nix-archiver: end";

/// Where our lines are in a file of the user's.
struct Block {
    bytes: std::ops::Range<usize>,
    lines: std::ops::RangeInclusive<usize>,
}

fn find_block(path: &Path, text: &str, comment: &str) -> anyhow::Result<Option<Block>> {
    let mark = |line: &str, mark: &str| {
        let rest = line.strip_prefix(comment).and_then(|rest| rest.strip_prefix(' '));
        rest.is_some_and(|rest| rest.starts_with(mark))
    };
    let (mut begin, mut at) = (None, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if mark(line, BEGIN) {
            begin = Some((at, number));
        } else if mark(line, END) {
            let Some((start, first)) = begin else {
                anyhow::bail!(
                    "{}:{}: `{comment} {END}` ends lines that have no beginning; remove it",
                    path.display(),
                    number + 1
                );
            };
            let bytes = start..at + line.len();
            return Ok(Some(Block { bytes, lines: first..=number }));
        }
        at += line.len();
    }
    match begin {
        None => Ok(None),
        Some((_, number)) => anyhow::bail!(
            "{}:{}: `{comment} {BEGIN}` has no `{comment} {END}` behind it; remove it, or add the end",
            path.display(),
            number + 1
        ),
    }
}

/// How many unchanged lines are shown on each side of a change.
const AROUND: usize = 3;

/// The change of one text into another, as `diff -u` shows it, with its one stretch of changed lines.
pub fn difference(path: &Path, old: Option<&str>, new: &str) -> String {
    let from = old.map_or_else(|| "/dev/null".to_owned(), |_| path.display().to_string());
    let before: Vec<_> = old.unwrap_or_default().lines().collect();
    let after: Vec<_> = new.lines().collect();
    let head = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let tail = before.iter().rev().zip(after.iter().rev()).take_while(|(a, b)| a == b).count();
    // A line may be the same at both ends; it is counted once.
    let tail = tail.min(before.len().min(after.len()) - head);
    let start = head.saturating_sub(AROUND);
    let more = tail.min(AROUND);
    let (old_end, new_end) = (before.len() - tail, after.len() - tail);
    let span = |from: usize, to: usize| {
        let count = to - from;
        format!("{},{count}", if count == 0 { from } else { from + 1 })
    };
    let mut out = format!(
        "--- {from}\n+++ {}\n@@ -{} +{} @@\n",
        path.display(),
        span(start, old_end + more),
        span(start, new_end + more)
    );
    let mut lines = |sign: char, lines: &[&str]| {
        for line in lines {
            out.push(sign);
            out.push_str(line);
            out.push('\n');
        }
    };
    lines(' ', &after[start..head]);
    lines('-', &before[head..old_end]);
    lines('+', &after[head..new_end]);
    lines(' ', &after[new_end..new_end + more]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Piece {
        Piece { path: "rc".into(), text: "load it\n", comment: Some("#") }
    }

    const OURS: &str = "# nix-archiver: begin (written by `nix-archiver editor`, which replaces these \
                        lines)\nload it\n# nix-archiver: end\n";

    #[test]
    fn lines_of_ours_are_added_and_replaced_between_their_marks() {
        let piece = lines();
        for (before, after) in [
            (None, OURS.to_owned()),
            (Some(""), OURS.to_owned()),
            (Some("mine"), format!("mine\n\n{OURS}")),
            (Some("mine\n"), format!("mine\n\n{OURS}")),
            (Some("mine\n\n"), format!("mine\n\n{OURS}")),
            (
                Some("a\n# nix-archiver: begin\nold\nolder\n# nix-archiver: end\nb\n"),
                format!("a\n{OURS}b\n"),
            ),
        ] {
            let made = piece.put_into(before).expect("the marks pair up");
            assert_eq!(made, after, "{before:?}");
            assert_eq!(piece.standing(Some(&made)).ok(), Some(Standing::Current));
            assert_eq!(piece.put_into(Some(&made)).ok(), Some(made.clone()), "once is enough");
        }
    }

    #[test]
    fn how_lines_of_ours_stand() {
        let piece = lines();
        for (text, standing) in [
            (None, Standing::Missing),
            (Some("mine\n"), Standing::Missing),
            (Some("# about nix-archiver\n"), Standing::Missing),
            (Some("a\ncommand = nix-archiver\n"), Standing::ByHand(2)),
            (Some("# nix-archiver: begin\nold\n# nix-archiver: end\n"), Standing::Different),
        ] {
            assert_eq!(piece.standing(text).ok(), Some(standing), "{text:?}");
        }
    }

    #[test]
    fn a_mark_without_the_other_is_told_with_its_line() {
        for (text, wanted) in [
            ("a\n# nix-archiver: begin\nb\n", "rc:2: `# nix-archiver: begin` has no"),
            ("# nix-archiver: end\n", "rc:1: `# nix-archiver: end` ends lines"),
        ] {
            let error = lines().put_into(Some(text)).expect_err("a mark is missing").to_string();
            assert!(error.starts_with(wanted), "{error}");
        }
    }

    #[test]
    fn differences() {
        let shown = |old, new| difference(Path::new("f"), old, new);
        assert_eq!(shown(None, "a\nb\n"), "--- /dev/null\n+++ f\n@@ -0,0 +1,2 @@\n+a\n+b\n");
        assert_eq!(
            shown(Some("1\n2\n3\n4\nx\n6\n"), "1\n2\n3\n4\ny\nz\n6\n"),
            "--- f\n+++ f\n@@ -2,5 +2,6 @@\n 2\n 3\n 4\n-x\n+y\n+z\n 6\n"
        );
        assert_eq!(shown(Some("a\na\n"), "a\n"), "--- f\n+++ f\n@@ -1,2 +1,1 @@\n a\n-a\n");
    }

    #[test]
    fn what_is_printed_for_an_editor_is_what_is_in_the_repository() {
        let folders = Folders { home: "h".into(), config: "c".into(), data: "d".into() };
        for editor in Editor::ALL {
            for piece in editor.pieces(&folders) {
                assert!(piece.text.ends_with('\n'), "{}", piece.path.display());
                assert!(piece.path.is_relative(), "everything is below the folders given");
            }
            assert_eq!(Editor::from_str(editor.key(), false), Ok(editor));
        }
    }
}
