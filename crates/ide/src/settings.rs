//! What a user can change, in one table ([`table`]): from it settings are read, the settings page
//! is written, and VS Code's manifest is held to.

mod table;

use serde_json::{Map, Value};

pub use table::{Choice, Setting, SettingKind, manifest_properties, page, table};

use crate::diagnostic::{Kind, Severity};

/// The settings of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where they differ from [`Kind::default_severity`].
    pub(crate) severities: Vec<(Kind, Option<Severity>)>,
    /// For how many days an index counts as up to date; 0 for ever.
    pub old_after_days: u32,
    /// Which pins have inlay hints.
    pub inlay_hints: InlayHints,
    /// Whether a line above the pins counts them and their updates.
    pub code_lens: bool,
    /// Whether names and versions are links.
    pub links: bool,
    /// The folder of a clone of nixpkgs; empty if there is none.
    pub clone: String,
}

/// Which pins have inlay hints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InlayHints {
    /// None.
    Off,
    /// Those that want attention: with a newer version in their line, insecure, or broken.
    Updates,
    /// All, with the time in which their version was there.
    All,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            severities: Vec::new(),
            old_after_days: 90,
            inlay_hints: InlayHints::Updates,
            code_lens: true,
            links: true,
            clone: String::new(),
        }
    }
}

impl Settings {
    /// How much problems of a kind matter; `None` if they are not to be reported.
    pub fn severity(&self, kind: Kind) -> Option<Severity> {
        let set = self.severities.iter().find(|(of, _)| *of == kind);
        set.map_or_else(|| kind.default_severity(), |(_, severity)| *severity)
    }

    /// Takes over what a JSON object says, nested (`{"codeLens": {"enable": false}}`) or with
    /// dotted names (`{"codeLens.enable": false}`). `null` and unknown names are left alone, since
    /// clients also keep their own settings there. What is not understood changes nothing and is
    /// told, a sentence each.
    pub fn take(&mut self, said: &Value) -> Vec<String> {
        let mut complaints = Vec::new();
        let Value::Object(said) = said else {
            if !said.is_null() {
                complaints.push(format!("the settings are no JSON object: {said}"));
            }
            return complaints;
        };
        let mut flat = Vec::new();
        flatten("", said, 0, &mut flat);
        for (key, value) in flat {
            let Some(setting) = table().into_iter().find(|setting| setting.key == key) else {
                continue;
            };
            if !value.is_null() && !self.set(&setting, value) {
                complaints.push(format!(
                    "the setting {key} is {value}; it has to be {}",
                    setting.kind.expected()
                ));
            }
        }
        complaints
    }

    /// Sets one setting; says whether the value is one of its values.
    fn set(&mut self, setting: &Setting, value: &Value) -> bool {
        if let Some(kind) = setting.severity_of {
            let Some(severity) = value.as_str().and_then(severity_named) else { return false };
            self.severities.retain(|(of, _)| *of != kind);
            self.severities.push((kind, severity));
            return true;
        }
        match setting.key.as_str() {
            "index.oldAfterDays" => {
                let days = value.as_u64().and_then(|days| u32::try_from(days).ok());
                days.map(|days| self.old_after_days = days).is_some()
            }
            "inlayHints.show" => {
                let show = match value.as_str() {
                    Some("off") => InlayHints::Off,
                    Some("updates") => InlayHints::Updates,
                    Some("all") => InlayHints::All,
                    _ => return false,
                };
                self.inlay_hints = show;
                true
            }
            "nixpkgs.clone" => value.as_str().map(|path| self.clone = path.to_owned()).is_some(),
            "links.enable" => value.as_bool().map(|on| self.links = on).is_some(),
            "codeLens.enable" => value.as_bool().map(|on| self.code_lens = on).is_some(),
            _ => false,
        }
    }
}

/// A severity by its name in the settings, `Some(None)` for `off`.
fn severity_named(name: &str) -> Option<Option<Severity>> {
    if name == "off" {
        return Some(None);
    }
    Severity::ALL.into_iter().find(|severity| severity.name() == name).map(Some)
}

/// The values of nested objects under their dotted names.
fn flatten<'a>(
    before: &str,
    object: &'a Map<String, Value>,
    depth: usize,
    out: &mut Vec<(String, &'a Value)>,
) {
    // No setting lies deeper; a hostile object may.
    const DEEPEST: usize = 4;
    for (name, value) in object {
        let key = if before.is_empty() { name.clone() } else { format!("{before}.{name}") };
        match value {
            Value::Object(inner) if depth < DEEPEST => flatten(&key, inner, depth + 1, out),
            value => out.push((key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_setting_can_be_set_and_its_default_is_true() {
        for setting in table() {
            let mut settings = Settings::default();
            assert_eq!(settings.take(&json!({ &setting.key: setting.default })), [""; 0]);
            let same = Kind::ALL.iter().all(|k| settings.severity(*k) == k.default_severity());
            settings.severities.clear();
            assert!(same && settings == Settings::default(), "{} has another default", setting.key);

            let others: Vec<Value> = match &setting.kind {
                SettingKind::Choice(choices) => {
                    choices.iter().map(|choice| json!(choice.value)).collect()
                }
                SettingKind::Flag => vec![json!(true), json!(false)],
                SettingKind::Days => vec![json!(0), json!(1)],
                SettingKind::Path => vec![json!(""), json!("/x")],
            };
            let mut seen = Vec::new();
            for value in others {
                let mut settings = Settings::default();
                assert_eq!(settings.take(&json!({ &setting.key: value })), [""; 0]);
                assert!(!seen.contains(&settings), "{} {value} changes nothing", setting.key);
                seen.push(settings);
            }
            let any_text = setting.kind == SettingKind::Path;
            let wrong = [json!("no"), json!([1]), json!(-1), json!(1.5)];
            for wrong in wrong.into_iter().filter(|wrong| !(any_text && wrong.is_string())) {
                let mut settings = Settings::default();
                let complaints = settings.take(&json!({ &setting.key: wrong }));
                assert_eq!((complaints.len(), settings), (1, Settings::default()), "{wrong}");
            }
        }
    }

    #[test]
    fn nested_and_dotted_names_are_the_same() {
        let mut nested = Settings::default();
        let said = json!({ "diagnostics": { "severity": { "outdated": "hint", "broken": "off" } },
                           "codeLens.enable": false, "server": { "path": "/x" }, "trace": null });
        assert_eq!(nested.take(&said), [""; 0]);
        assert_eq!(nested.severity(Kind::Outdated), Some(Severity::Hint));
        assert_eq!(nested.severity(Kind::Broken), None);
        assert_eq!(nested.severity(Kind::Removed), Some(Severity::Information));
        assert!(!nested.code_lens);

        let mut settings = Settings::default();
        assert_eq!(settings.take(&Value::Null), [""; 0]);
        assert_eq!(settings.take(&json!("x")).len(), 1);
        let said = settings.take(&json!({ "inlayHints": { "show": "some" } }));
        assert_eq!(
            said,
            [r#"the setting inlayHints.show is "some"; it has to be "off", "updates" or "all""#]
        );
    }
}
