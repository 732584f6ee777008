//! Completion lists.

use ide::{Completions, Document, Item, ItemKind};
use model::AttrPath;
use serde::Serialize;
use syntax::TextRange;
use tower_lsp::ls_types::{
    self, Command, CompletionItem, CompletionItemKind, CompletionItemLabelDetails,
    CompletionItemTag, CompletionTextEdit, InsertTextFormat,
};

use super::{range, text_edit};
use crate::{
    from_proto::{ItemData, VERSION},
    session::Session,
};

/// A completion list, with what its items share said once: a list of versions is a third as long
/// so. The library's own type has no [`itemDefaults`].
///
/// [`itemDefaults`]: https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#completionList
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List {
    is_incomplete: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_defaults: Option<Defaults>,
    items: Vec<Entry>,
}

/// What holds for each item that does not say otherwise.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Defaults {
    edit_range: ls_types::Range,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<ItemData>,
}

/// An item of a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(flatten)]
    item: CompletionItem,
    /// What is put into the list's range. The protocol takes the label where it is missing; Neovim
    /// 0.10 (`lsp/completion.lua`) then puts nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    text_edit_text: Option<String>,
}

/// A completion list.
pub(crate) fn completions(doc: &Document, mut list: Completions, session: &Session) -> List {
    if session.edits_in_turn {
        list.items.iter_mut().for_each(|item| into_one_edit(doc, item));
    }
    let item_defaults = session.item_defaults.then(|| defaults(doc, &list.items, session));
    let item_defaults = item_defaults.flatten();
    // Most lists replace one stretch of text; its place is worked out once.
    let mut place = None;
    let items = list.items.into_iter().enumerate().map(|(rank, item)| {
        let at = match place {
            Some((known, at)) if known == item.range => at,
            _ => range(doc, item.range, session),
        };
        place = Some((item.range, at));
        entry(doc, item, rank, at, item_defaults.as_ref(), session)
    });
    List { is_incomplete: list.incomplete, items: items.collect(), item_defaults }
}

/// What all items of a list share, if they replace one stretch of text.
fn defaults(doc: &Document, items: &[Item], session: &Session) -> Option<Defaults> {
    let (first, others) = items.split_first()?;
    if others.iter().any(|item| item.range != first.range) {
        return None;
    }
    let path = path(first).filter(|shared| others.iter().all(|item| path(item) == Some(shared)));
    let data = path.map(|path| ItemData { p: path.clone() });
    Some(Defaults { edit_range: range(doc, first.range, session), data })
}

fn path(item: &Item) -> Option<&AttrPath> {
    item.origin.as_ref().map(|origin| &origin.path)
}

fn entry(
    doc: &Document,
    item: Item,
    rank: usize,
    at: ls_types::Range,
    defaults: Option<&Defaults>,
    session: &Session,
) -> Entry {
    let own_data = item.origin.filter(|_| defaults.is_none_or(|shared| shared.data.is_none()));
    let own_data = own_data.map(|origin| ItemData { p: origin.path });
    let (text, format) = match item.snippet.filter(|_| session.snippets) {
        Some(snippet) => (snippet, Some(InsertTextFormat::SNIPPET)),
        None => (item.text, None),
    };
    let (edit, text_edit_text) = match defaults {
        Some(_) => (None, Some(text)),
        None => {
            let whole = ls_types::TextEdit { range: at, new_text: text };
            (Some(CompletionTextEdit::Edit(whole)), None)
        }
    };
    let reopen = session.suggest_command.as_ref().filter(|_| item.reopen);
    let reopen = reopen.map(|command| Command {
        title: "Suggest".to_owned(),
        command: command.clone(),
        arguments: None,
    });
    let (label_details, detail) = match session.label_details {
        true => (Some(CompletionItemLabelDetails { detail: None, description: item.detail }), None),
        false => (None, item.detail),
    };
    let extra: Vec<_> = item.extra.iter().map(|edit| text_edit(doc, edit, session)).collect();
    let item = CompletionItem {
        label: item.label,
        label_details,
        kind: Some(match item.kind {
            ItemKind::Package => CompletionItemKind::PROPERTY,
            ItemKind::Set => CompletionItemKind::MODULE,
            ItemKind::Version => VERSION,
            ItemKind::Field => CompletionItemKind::FIELD,
            ItemKind::Value => CompletionItemKind::ENUM_MEMBER,
        }),
        detail,
        preselect: item.preselect.then_some(true),
        // `!` sorts before what other servers on the same file use.
        sort_text: Some(format!("!{rank:05}")),
        filter_text: (!item.filter.is_empty()).then_some(item.filter),
        insert_text_format: format,
        text_edit: edit,
        additional_text_edits: (!extra.is_empty()).then_some(extra),
        command: reopen,
        data: own_data.and_then(|data| serde_json::to_value(data).ok()),
        tags: (item.discouraged && session.completion_tags)
            .then(|| vec![CompletionItemTag::DEPRECATED]),
        ..CompletionItem::default()
    };
    Entry { item, text_edit_text }
}

/// Makes what an item inserts behind itself in its line, such as a `;`, a part of its own edit.
fn into_one_edit(doc: &Document, item: &mut Item) {
    let [extra] = item.extra.as_slice() else { return };
    let between = TextRange::new(item.range.end, extra.range.start.max(item.range.end));
    let behind = extra.range.start >= item.range.end && extra.range.start == extra.range.end;
    if !behind || item.snippet.is_some() || between.of(&doc.text).contains('\n') {
        return;
    }
    item.text = [&item.text, between.of(&doc.text), &extra.text].concat();
    item.range = TextRange::new(item.range.start, extra.range.end);
    item.extra.clear();
}
