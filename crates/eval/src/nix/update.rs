//! A new text of a lowered file: if only bindings of its big sets differ, just those are lowered
//! again.

use std::rc::Rc;

use rnix::ast::{self, HasEntry};
use rowan::ast::AstNode;
use rustc_hash::FxHashSet;

use super::{
    bigs::{Big, BigBinding, EntryText, FileIr, find_bigs, is_static, skeleton},
    ir::BigId,
    lower::{Lower, Tables, parse},
    value::Sym,
};

/// What [`update`] found to be different.
#[derive(Debug, Default)]
pub struct Difference {
    pub changed: Vec<(BigId, Sym)>,
    pub added: Vec<(BigId, Sym)>,
    pub removed: Vec<(BigId, Sym)>,
}

/// Brings a lowered file's big sets up to a new text of it, or says `None` if more has changed than
/// their bindings: then the file has to be lowered anew.
pub fn update(
    tables: &mut Tables<'_>,
    path: &Rc<str>,
    ir: &mut FileIr,
    text: &str,
) -> Option<Difference> {
    if ir.bigs.is_empty() {
        return None;
    }
    update_region(tables, path, ir, text).or_else(|| update_whole(tables, path, ir, text))
}

/// [`update`], if the texts differ in one place only, within the bindings of one big set: just the
/// bindings there are parsed.
fn update_region(
    tables: &mut Tables<'_>,
    path: &Rc<str>,
    ir: &mut FileIr,
    text: &str,
) -> Option<Difference> {
    let (old, new) = (ir.text.as_bytes(), text.as_bytes());
    let prefix = common_prefix(old, new);
    let most = old.len().min(new.len()) - prefix;
    let suffix = common_suffix(&old[prefix..], &new[prefix..]).min(most);
    let (from, to) = (prefix, old.len() - suffix);
    let at = ir.bigs.iter().position(|big| match (big.entries.first(), big.entries.last()) {
        (Some(first), Some(last)) => first.end <= from && to <= last.start,
        _ => false,
    })?;
    let entries = &ir.bigs[at].entries;
    // The entries that the difference touches, and the text up to the ones around them.
    let first = entries.partition_point(|e| e.end <= from);
    let after = entries.partition_point(|e| e.start < to).max(first);
    let (start, end) = (entries[first - 1].end, entries.get(after)?.start);
    let new_end = end + new.len() - old.len();
    let region = text.get(start..new_end)?;
    let last_line = region.rsplit('\n').next().unwrap_or_default();
    if last_line.contains('#') {
        return None;
    }
    let wrapped = format!("{{{region}\n}}");
    let Some(ast::Expr::AttrSet(set)) = parse(&wrapped).ok()?.expr() else { return None };
    let found: Vec<ast::Entry> = set.entries().collect();
    if !found.iter().all(is_static) || !ends_at(&set, wrapped.len()) {
        return None;
    }
    let mut lower = Lower::new(tables, path.clone(), &wrapped);
    // Less the brace that was put before the region.
    let texts: Vec<EntryText> = lower.entry_texts(&found, start.wrapping_sub(1));
    let gone: FxHashSet<Sym> =
        entries[first..after].iter().flat_map(|e| &e.names).copied().collect();
    let come: FxHashSet<Sym> = texts.iter().flat_map(|e| &e.names).copied().collect();
    let others = entries[..first].iter().chain(&entries[after..]).flat_map(|e| &e.names);
    if others.into_iter().any(|sym| gone.contains(sym) || come.contains(sym)) {
        return None;
    }
    let big = ir.bigs[at].big;
    let mut difference = Difference::default();
    lower.change_bindings(big, found, gone, &mut difference);
    let shift = |e: &mut EntryText| {
        e.start = e.start + new.len() - old.len();
        e.end = e.end + new.len() - old.len();
    };
    ir.bigs[at].entries[after..].iter_mut().for_each(shift);
    ir.bigs[at].entries.splice(first..after, texts);
    for later in &mut ir.bigs[at + 1..] {
        later.entries.iter_mut().for_each(shift);
    }
    text.clone_into(&mut ir.text);
    Some(difference)
}

/// [`update`] by parsing the whole text.
fn update_whole(
    tables: &mut Tables<'_>,
    path: &Rc<str>,
    ir: &mut FileIr,
    text: &str,
) -> Option<Difference> {
    let expr = parse(text).ok()?.expr()?;
    let found = find_bigs(&expr, path);
    if found.len() != ir.bigs.len() || skeleton(text, &found) != ir.skeleton {
        return None;
    }
    let mut difference = Difference::default();
    let mut lower = Lower::new(tables, path.clone(), text);
    for (node, text) in found.iter().zip(&mut ir.bigs) {
        text.entries = lower.entry_texts(&node.entries(), 0);
        let known = lower.t.bigs[text.big.0 as usize].bindings.keys().copied().collect();
        lower.change_bindings(text.big, node.entries(), known, &mut difference);
    }
    text.clone_into(&mut ir.text);
    Some(difference)
}

/// Whether a set is all there is in a text of this length.
fn ends_at(set: &ast::AttrSet, len: usize) -> bool {
    usize::from(set.syntax().text_range().end()) == len
}

fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    const STEP: usize = 4_096;
    let whole = a.chunks(STEP).zip(b.chunks(STEP)).take_while(|(x, y)| x == y).count() * STEP;
    let whole = whole.min(a.len()).min(b.len());
    whole + a[whole..].iter().zip(&b[whole..]).take_while(|(x, y)| x == y).count()
}

fn common_suffix(a: &[u8], b: &[u8]) -> usize {
    const STEP: usize = 4_096;
    let whole = a.rchunks(STEP).zip(b.rchunks(STEP)).take_while(|(x, y)| x == y).count() * STEP;
    let whole = whole.min(a.len()).min(b.len());
    let (a, b) = (&a[..a.len() - whole], &b[..b.len() - whole]);
    whole + a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count()
}

impl Lower<'_, '_> {
    /// Where entries stand, in a text that begins `offset` bytes before theirs does.
    pub fn entry_texts(&mut self, entries: &[ast::Entry], offset: usize) -> Vec<EntryText> {
        let text = |entry: &ast::Entry| {
            let range = entry.syntax().text_range();
            let at = |place: rowan::TextSize| usize::from(place).wrapping_add(offset);
            let names = match entry {
                ast::Entry::Inherit(inherit) => {
                    inherit.attrs().filter_map(|attr| self.static_name(&attr)).collect()
                }
                ast::Entry::AttrpathValue(binding) => {
                    let first = binding.attrpath().and_then(|path| path.attrs().next());
                    first.and_then(|attr| self.static_name(&attr)).into_iter().collect()
                }
            };
            EntryText { start: at(range.start()), end: at(range.end()), names }
        };
        entries.iter().map(text).collect()
    }

    /// Binds in a big set what `entries` say, and takes out of it what they say no more of `gone`.
    fn change_bindings(
        &mut self,
        big: BigId,
        entries: Vec<ast::Entry>,
        mut gone: FxHashSet<Sym>,
        difference: &mut Difference,
    ) {
        let hashes = self.hashes(&entries);
        let group = self.group(entries);
        let Big { recursive, ref scope, .. } = self.t.bigs[big.0 as usize];
        let scope = scope.clone();
        for (sym, def) in group.defs {
            gone.remove(&sym);
            let hash = hashes[&sym];
            let before = self.t.bigs[big.0 as usize].bindings.get(&sym).map(|b| b.hash);
            if before == Some(hash) {
                continue;
            }
            let expr = self.def(&def, sym, &scope, recursive);
            let now = BigBinding { expr, hash };
            let other_place = now.is_file();
            let old = self.t.bigs[big.0 as usize].bindings.insert(sym, now);
            // Another place is to those who look there like a new name.
            let list = match old {
                Some(old) if !other_place && !old.is_file() => &mut difference.changed,
                _ => &mut difference.added,
            };
            list.push((big, sym));
        }
        for sym in gone {
            self.t.bigs[big.0 as usize].bindings.remove(&sym);
            difference.removed.push((big, sym));
        }
    }
}
