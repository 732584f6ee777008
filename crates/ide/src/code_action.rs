//! What can be done about pins: quick fixes, newer versions, and what is done to a whole file.

mod fix;
mod sort;
mod update;

use model::{AttrPath, SourceError};
use syntax::{PinFile, TextEdit, TextRange};

use crate::{
    Diagnostic, Index, LockFile, Snapshot,
    diagnostic::{Checks, Kind, Severity},
    memo::Remembered,
};

pub(crate) use update::set_pin;

/// Something that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeAction {
    /// What it does.
    pub title: String,
    /// What sort of action it is.
    pub kind: ActionKind,
    /// The problem that it solves.
    pub solves: Option<Diagnostic>,
    /// Whether it is the best way to solve its problem.
    pub preferred: bool,
    /// What it changes.
    pub task: Task,
}

/// What sort of action one is: clients ask for sorts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionKind {
    /// Solves a problem.
    QuickFix,
    /// Says something else, on purpose.
    Rewrite,
    /// Solves all problems of a file that have one sure solution.
    FixAll,
    /// Puts the pins of a file in order.
    OrganizePins,
    /// Brings all pins of a file up to date.
    UpdatePins,
    /// Moves pins so that fewer revisions serve them all.
    AlignPins,
    /// Brings the lock up to date.
    LockPins,
}

/// What an action changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// These edits.
    Edits(Vec<TextEdit>),
    /// What [`Snapshot::edits`] works out once the action is chosen.
    WholeFile(FileTask),
    /// Not this file alone, or not without a further question.
    Call(Call),
}

/// What is not done by edits that are known in advance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Locks all pins anew.
    Lock,
    /// Locks this pin anew.
    LockOne(AttrPath),
    /// Moves pins so that fewer revisions serve them all.
    Align,
    /// Asks the user for a version of this package.
    Choose(AttrPath),
}

/// What can be done to a whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileTask {
    /// Takes the preferred fix of every problem that has one and leaves no choice: of names and
    /// versions that are none.
    FixAll,
    /// Sorts the pins of each set by name, group by group.
    Sort,
    /// Takes the newest version of the line of every pin.
    Update,
}

impl FileTask {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::FixAll, Self::Sort, Self::Update];

    /// A name that stays the same.
    pub fn name(self) -> &'static str {
        match self {
            Self::FixAll => "fix-all",
            Self::Sort => "sort",
            Self::Update => "update",
        }
    }

    fn kind(self) -> ActionKind {
        match self {
            Self::FixAll => ActionKind::FixAll,
            Self::Sort => ActionKind::OrganizePins,
            Self::Update => ActionKind::UpdatePins,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::FixAll => "Fix all problems that have a best solution",
            Self::Sort => "Sort pins by name",
            Self::Update => "Update all pins to the newest of their line",
        }
    }
}

pub(crate) fn code_actions(
    snapshot: &Snapshot,
    range: TextRange,
    wanted: impl Fn(ActionKind) -> bool,
) -> Result<Vec<CodeAction>, SourceError> {
    let Some(file) = snapshot.document.pin_file() else { return Ok(Vec::new()) };
    if file.pins.is_empty() && !snapshot.document.is_packages_nix {
        return Ok(Vec::new());
    }
    let mut actions = Vec::new();
    let index = remembered(snapshot)?;
    if wanted(ActionKind::QuickFix) || wanted(ActionKind::Rewrite) {
        let first = file.pins.partition_point(|pin| pin.range.end < range.start);
        let pins = file.pins_in(range);
        let mut checks = Checks::new(snapshot, file, range, index.as_ref())?;
        for (at, pin) in (first..).zip(pins) {
            if wanted(ActionKind::QuickFix) {
                for diagnostic in checks.of(at)? {
                    actions.extend(fix::fixes(snapshot, index.as_ref(), pin, &diagnostic)?);
                    actions.extend(fix::others(&snapshot.document.text, pin, &diagnostic));
                }
            }
            // The titles name no package, so they are for one pin.
            if wanted(ActionKind::Rewrite)
                && pins.len() == 1
                && let Some(index) = &index
            {
                actions.extend(update::rewrites(snapshot, index, pin)?);
            }
        }
    }
    for task in FileTask::ALL {
        if wanted(task.kind()) && !edits(snapshot, task)?.is_empty() {
            actions.push(CodeAction {
                title: task.title().to_owned(),
                kind: task.kind(),
                solves: None,
                preferred: false,
                task: Task::WholeFile(task),
            });
        }
    }
    let calls = [
        (ActionKind::AlignPins, can_align(snapshot, file), Call::Align),
        (ActionKind::LockPins, can_lock(snapshot, file), Call::Lock),
    ];
    for (kind, possible, call) in calls {
        if possible && wanted(kind) {
            let title = match call {
                Call::Align => "Align pins: newer versions of their lines, fewer revisions",
                _ => "Bring packages.lock up to date",
            };
            actions.push(CodeAction {
                title: title.to_owned(),
                kind,
                solves: None,
                preferred: false,
                task: Task::Call(call),
            });
        }
    }
    Ok(actions)
}

/// Whether there may be something to align: it is worked out only when that is chosen.
fn can_align(snapshot: &Snapshot, file: &PinFile) -> bool {
    let several = match snapshot.lock {
        LockFile::Read(lock) => lock.revisions.len() > 1,
        _ => file.pins.len() > 1,
    };
    let ours = snapshot.document.is_packages_nix && file.errors.is_empty();
    several && ours && matches!(snapshot.index, Index::Ready(_))
}

/// Whether there is a place for a lock, and something to lock.
fn can_lock(snapshot: &Snapshot, file: &PinFile) -> bool {
    let place = !matches!(snapshot.lock, LockFile::Unknown);
    let index = matches!(snapshot.index, Index::Ready(_));
    place && index && file.errors.is_empty() && !file.pins.is_empty()
}

/// The edits of a task.
pub(crate) fn edits(snapshot: &Snapshot, task: FileTask) -> Result<Vec<TextEdit>, SourceError> {
    let Some(file) = snapshot.document.pin_file() else { return Ok(Vec::new()) };
    let index = remembered(snapshot)?;
    match (task, &index) {
        (FileTask::Sort, _) if !snapshot.document.is_packages_nix => Ok(Vec::new()),
        (FileTask::Sort, _) => Ok(sort::sort(&snapshot.document.text, file)),
        (FileTask::Update, Some(index)) => update::to_newest_in_line(snapshot, file, index),
        (FileTask::Update, None) => Ok(Vec::new()),
        (FileTask::FixAll, index) => {
            let mut edits: Vec<TextEdit> = Vec::new();
            let whole = TextRange::new(0, snapshot.document.text.len());
            let mut checks = Checks::new(snapshot, file, whole, index.as_ref())?;
            for (at, pin) in file.pins.iter().enumerate() {
                for diagnostic in checks.of(at)?.into_iter().filter(has_best_solution) {
                    let fixes = fix::fixes(snapshot, index.as_ref(), pin, &diagnostic)?;
                    let Some(fix) = fixes.into_iter().find(|fix| fix.preferred) else { continue };
                    let Task::Edits(more) = fix.task else { continue };
                    let apart = |edit: &TextEdit| edits.iter().all(|e| e.range != edit.range);
                    if more.iter().all(apart) {
                        edits.extend(more);
                    }
                }
            }
            Ok(edits)
        }
    }
}

/// Whether the preferred fix of a problem may be taken without a look at it. Where a text is wrong
/// as far as can be told, anything near is better; a version that may exist, or that is only not
/// liked, stays.
fn has_best_solution(diagnostic: &Diagnostic) -> bool {
    match diagnostic.problem.kind() {
        Kind::UnknownPackage | Kind::PartialVersion | Kind::NotALiteral => true,
        Kind::UnknownVersion => diagnostic.problem.at_most() == Severity::Error,
        _ => false,
    }
}

fn remembered<'a>(snapshot: &Snapshot<'a>) -> Result<Option<Remembered<'a>>, SourceError> {
    match snapshot.index {
        Index::Ready(source) => snapshot.memo.ask(source),
        Index::Loading | Index::Failed(_) => Ok(None),
    }
}
