//! The table of the settings, and what is made from it.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::diagnostic::{Kind, Severity};

/// A setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Its name, behind `nix-archiver.` where an editor has the settings of many programs.
    pub key: String,
    /// Which values it has.
    pub kind: SettingKind,
    /// The value where nothing is set.
    pub default: Value,
    /// What it is for, in Markdown without line breaks.
    pub about: String,
    /// The kind of problems whose severity it is.
    pub(super) severity_of: Option<Kind>,
}

/// Which values a setting has.
#[derive(Debug, Clone, PartialEq)]
pub enum SettingKind {
    /// One of several words.
    Choice(Vec<Choice>),
    /// `true` or `false`.
    Flag,
    /// A number of days, 0 or more.
    Days,
    /// A place on the disk; empty for none.
    Path,
}

/// A value of a setting, and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The value.
    pub value: &'static str,
    /// What it means.
    pub about: &'static str,
}

impl SettingKind {
    /// The values in words, for a message.
    pub fn expected(&self) -> String {
        match self {
            Self::Choice(choices) => {
                let values: Vec<_> = choices.iter().map(|c| format!("{:?}", c.value)).collect();
                match values.split_last() {
                    Some((last, [])) => last.clone(),
                    Some((last, others)) => format!("{} or {last}", others.join(", ")),
                    None => String::new(),
                }
            }
            Self::Flag => "true or false".to_owned(),
            Self::Days => "a whole number, 0 or more".to_owned(),
            Self::Path => "a path, or \"\" for none".to_owned(),
        }
    }
}

/// All settings of the language server, in the order of the documents.
pub fn table() -> Vec<Setting> {
    let mut table = vec![
        Setting {
            key: "index.oldAfterDays".to_owned(),
            kind: SettingKind::Days,
            default: json!(90),
            about: "After how many days without news the version index is reported as old \
                    (`index-old`); 0 for never."
                .to_owned(),
            severity_of: None,
        },
        Setting {
            key: "nixpkgs.clone".to_owned(),
            kind: SettingKind::Path,
            default: json!(""),
            about: "The folder of a git clone of nixpkgs, if you have one: it tells the hashes in \
                    packages.lock, and leads from a pin to its package's source at the pinned \
                    revision. Nothing is fetched."
                .to_owned(),
            severity_of: None,
        },
        Setting {
            key: "inlayHints.show".to_owned(),
            kind: SettingKind::Choice(vec![
                Choice { value: "off", about: "No hints." },
                Choice {
                    value: "updates",
                    about: "Only at pins that want attention: with a newer version in their line, \
                            insecure, or broken.",
                },
                Choice {
                    value: "all",
                    about: "At every pin, with the time its version was there.",
                },
            ]),
            default: json!("updates"),
            about: "Which pins have a hint behind them.".to_owned(),
            severity_of: None,
        },
        Setting {
            key: "codeLens.enable".to_owned(),
            kind: SettingKind::Flag,
            default: json!(true),
            about: "Whether a line above the pins counts them and their updates.".to_owned(),
            severity_of: None,
        },
        Setting {
            key: "links.enable".to_owned(),
            kind: SettingKind::Flag,
            default: json!(true),
            about: "Whether names lead to home pages, and versions to their file of nixpkgs. Some \
                    editors underline every link; hovers have the same ones."
                .to_owned(),
            severity_of: None,
        },
    ];
    table.extend(Kind::ALL.into_iter().map(severity));
    table
}

fn severity(kind: Kind) -> Setting {
    let mut choices: Vec<_> = Severity::ALL
        .into_iter()
        .map(|severity| Choice {
            value: severity.name(),
            about: match severity {
                Severity::Error => "An error.",
                Severity::Warning => "A warning.",
                Severity::Information => "A piece of information.",
                Severity::Hint => "A faint hint.",
            },
        })
        .collect();
    choices.push(Choice { value: "off", about: "Not reported." });
    Setting {
        key: format!("diagnostics.severity.{}", kind.code()),
        kind: SettingKind::Choice(choices),
        default: json!(kind.default_severity().map_or("off", Severity::name)),
        about: format!("How `{}` is reported. {}", kind.code(), kind.summary()),
        severity_of: Some(kind),
    }
}

/// The settings as the lines of a VS Code manifest's `properties`, each with a comma behind it.
pub fn manifest_properties() -> String {
    let mut out = String::new();
    for (order, setting) in (30..).zip(table()) {
        let mut lines = vec![format!("\"order\": {order}")];
        match &setting.kind {
            SettingKind::Choice(choices) => {
                let list = |texts: Vec<&str>| json!(texts).to_string().replace("\",\"", "\", \"");
                lines.push("\"type\": \"string\"".to_owned());
                let values = list(choices.iter().map(|choice| choice.value).collect());
                lines.push(format!("\"enum\": {values}"));
                let about = list(choices.iter().map(|choice| choice.about).collect());
                lines.push(format!("\"enumDescriptions\": {about}"));
            }
            SettingKind::Flag => lines.push("\"type\": \"boolean\"".to_owned()),
            SettingKind::Path => lines.push("\"type\": \"string\"".to_owned()),
            SettingKind::Days => {
                lines.push("\"type\": \"integer\"".to_owned());
                lines.push("\"minimum\": 0".to_owned());
            }
        }
        lines.push(format!("\"default\": {}", setting.default));
        let scope = match setting.kind {
            SettingKind::Path => "machine-overridable",
            _ => "window",
        };
        lines.push(format!("\"scope\": \"{scope}\""));
        lines.push(format!("\"markdownDescription\": {}", json!(setting.about)));
        let body = lines.join(",\n          ");
        _ = writeln!(
            out,
            "        \"nix-archiver.{}\": {{\n          {body}\n        }},",
            setting.key
        );
    }
    out
}

/// The settings as a document.
pub fn page() -> String {
    let mut out = String::from(
        "# Settings of the language server\n\n\
         The same settings work in every editor. They are read from the `initializationOptions` of \
         the start, and then from the editor's section `nix-archiver` \
         (`workspace/configuration`), which wins; a change is taken over at once. In VS Code each \
         name has `nix-archiver.` before it. Names may be nested, \
         `{ \"codeLens\": { \"enable\": false } }`, or dotted, `{ \"codeLens.enable\": false }`. A \
         value that is not understood is logged, and changes nothing.\n\n\
         | setting | values | default | what it is for |\n|---|---|---|---|\n",
    );
    for setting in table() {
        let values = match &setting.kind {
            SettingKind::Choice(choices) if setting.severity_of.is_some() => {
                let values: Vec<_> = choices.iter().map(|c| format!("`{:?}`", c.value)).collect();
                values.join(" ")
            }
            SettingKind::Choice(choices) => {
                let each = choices.iter().map(|c| format!("`{:?}`: {}", c.value, c.about));
                each.collect::<Vec<_>>().join("<br>")
            }
            SettingKind::Flag => "`true` `false`".to_owned(),
            SettingKind::Days => "a number".to_owned(),
            SettingKind::Path => "a path".to_owned(),
        };
        let about = match setting.severity_of {
            Some(kind) => {
                let code = kind.code();
                format!("How [`{code}`](diagnostics.md#{code}) is reported. {}", kind.summary())
            }
            None => setting.about.clone(),
        };
        _ = writeln!(out, "| `{}` | {values} | `{}` | {about} |", setting.key, setting.default);
    }
    out
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    use super::*;

    #[test]
    fn the_settings_page_is_made_from_the_table() {
        expect_file!["../../../../docs/settings.md"].assert_eq(&page());
    }

    /// `UPDATE_EXPECT=1` writes the manifest anew.
    #[test]
    fn the_manifest_is_made_from_the_table() {
        let manifest = include_str!("../../../../vscode-extension/package.json");
        let end = manifest.find("        \"nix-archiver.trace.server\"").expect("it is there");
        let start = manifest.find("        \"nix-archiver.index.oldAfterDays\"").unwrap_or(end);
        let made = format!("{}{}{}", &manifest[..start], manifest_properties(), &manifest[end..]);
        serde_json::from_str::<Value>(&made).expect("the manifest stays JSON");
        expect_file!["../../../../vscode-extension/package.json"].assert_eq(&made);
    }

    #[test]
    fn every_problem_has_its_section() {
        let page = include_str!("../../../../docs/diagnostics.md");
        let sections: Vec<&str> = page.lines().filter_map(|l| l.strip_prefix("## ")).collect();
        let codes: Vec<&str> = Kind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(sections, codes);
    }
}
