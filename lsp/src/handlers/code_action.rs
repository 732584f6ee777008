//! `textDocument/codeAction` and `codeAction/resolve`.

use ide::{ActionKind, FileTask};
use tower_lsp::{
    jsonrpc::{Error, ErrorCode, Result},
    ls_types::{
        CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionResponse,
    },
};

use crate::{
    from_proto::{self, ActionData},
    state::{State, or_nothing},
    to_proto,
};

/// What can be done about the pins of a range.
pub(crate) async fn code_actions(
    state: &State,
    params: CodeActionParams,
) -> Result<Option<CodeActionResponse>> {
    let only = params.context.only;
    let wanted = move |kind: ActionKind| {
        let kind = to_proto::action_kind(kind);
        only.as_ref().is_none_or(|only| only.iter().any(|asked| includes(asked, &kind)))
    };
    state
        .ask(&params.text_document.uri, move |asked| {
            let (doc, snapshot) = (&asked.document, asked.snapshot());
            let range = from_proto::range(doc, params.range, asked.session.encoding);
            let edits_of = |task| or_nothing(snapshot.edits(task));
            let actions = or_nothing(snapshot.code_actions(range, wanted)).into_iter();
            let convert = |action| to_proto::code_action(asked, action, edits_of);
            actions.map(|action| CodeActionOrCommand::CodeAction(convert(action))).collect()
        })
        .await
}

/// The edits of an action that was chosen. If the file has changed since the action was offered,
/// the client is told so, and asks for actions anew.
pub(crate) async fn resolve(state: &State, mut action: CodeAction) -> Result<CodeAction> {
    let data = action.data.clone().and_then(|data| serde_json::from_value::<ActionData>(data).ok());
    let Some(data) = data else { return Ok(action) };
    let task = FileTask::ALL.into_iter().find(|task| task.name() == data.task);
    let file = state.documents.get(&data.uri).filter(|file| file.version == data.version);
    let (Some(task), Some(file)) = (task, file) else {
        return Err(Error {
            message: "the file has changed since this action was offered".into(),
            ..Error::new(ErrorCode::ContentModified)
        });
    };
    let edit = state.ask_of(file, move |asked| {
        let edits = or_nothing(asked.snapshot().edits(task));
        to_proto::workspace_edit(&asked.file, &asked.document, &edits, &asked.session)
    });
    action.edit = Some(edit.await?);
    Ok(action)
}

/// Whether a kind is the one that is asked for, or one below it.
fn includes(asked: &CodeActionKind, kind: &CodeActionKind) -> bool {
    let (asked, kind) = (asked.as_str(), kind.as_str());
    let below = kind.strip_prefix(asked).is_some_and(|rest| rest.starts_with('.'));
    asked.is_empty() || asked == kind || below
}
