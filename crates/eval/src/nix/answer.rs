//! Single expressions, for tests and for those who want to see what the evaluator makes of them.

use super::{
    heap::Recipe,
    machine::{Machine, STACK_BYTES},
    state::State,
    strings,
    value::Fail,
};
use crate::source::Source;

/// Evaluates an expression all the way and gives it as JSON, as `nix-instantiate --eval --strict
/// --json` does. `<nixpkgs>` is the tree.
///
/// # Errors
/// What went wrong: `throw: …`, `assert`, `error: …`, `unknown: …`, `cycle` or `limit`.
pub fn evaluate_json(source: &dyn Source, expression: &'static str) -> Result<String, String> {
    let mut state = State::new();
    state.replaced.insert("/prelude/expression.nix".into(), expression);
    let node = state.heap.node(Recipe::None);
    let mut machine = Machine { s: &mut state, source };
    let json = stacker::grow(STACK_BYTES, || {
        machine.ask(node, |m| {
            let thunk = m.import("/prelude/expression.nix")?;
            strings::to_json(m, thunk)
        })
    });
    json.map(|json| json.to_string()).map_err(|fail| match &*fail {
        Fail::Throw(why) => format!("throw: {why}"),
        Fail::Assert => "assert".to_owned(),
        Fail::Error(why) => format!("error: {why}"),
        Fail::Unknown(why) => format!("unknown: {why}"),
        Fail::Cycle => "cycle".to_owned(),
        Fail::Fuel | Fail::Limit => "limit".to_owned(),
    })
}
