//! `lib/licenses.nix`: what the names of licences stand for.

use std::rc::Rc;

use rnix::ast;
use rustc_hash::FxHashMap;

use super::{
    collection::Collection,
    value::{Binding, Bindings, plain_text},
};

/// The licences that a file defines: for each name its SPDX id, or the name itself where the file
/// gives none.
pub fn read(text: &str) -> FxHashMap<Rc<str>, Rc<str>> {
    let Some(file) = Collection::new(text) else { return FxHashMap::default() };
    let entry = |name: &Rc<str>| {
        let id = match file.get(name)? {
            Binding::Expr(expr) => spdx_id(&expr),
            _ => None,
        };
        Some((name.clone(), id.unwrap_or_else(|| name.clone())))
    };
    file.names().filter_map(entry).collect()
}

/// The `spdxId` of `{ … }` or `function { … }`.
fn spdx_id(expr: &ast::Expr) -> Option<Rc<str>> {
    match expr {
        ast::Expr::Apply(call) => spdx_id(&call.argument()?),
        ast::Expr::Paren(inner) => spdx_id(&inner.expr()?),
        ast::Expr::AttrSet(set) => match Bindings::of(set).members.get("spdxId")? {
            Binding::Expr(ast::Expr::Str(text)) => plain_text(text).map(Into::into),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_are_taken_where_they_are_given() {
        let read = super::read(
            "{ lib }: let spdx = l: l // { url = \"…\"; }; in lib.mapAttrs (n: v: v) rec {\n\
             mit = spdx { spdxId = \"MIT\"; fullName = \"MIT\"; };\n\
             gpl2 = { shortName = \"x\"; };\n}",
        );
        assert_eq!(read.get("mit").map(|id| &**id), Some("MIT"));
        assert_eq!(read.get("gpl2").map(|id| &**id), Some("gpl2"));
    }
}
