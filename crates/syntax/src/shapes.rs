//! The forms of the library (`nix/lib`) and of the modules in which files that are no packages.nix
//! hold pins. A file with none of these names has none, and is not read any further.

/// Functions of the library that are called with a set, whose `packages` are pins.
pub(crate) const TAKE_PACKAGES: [&str; 4] =
    ["pinnedPackages", "pinnedList", "mkOverlay", "mkDevShell"];

/// The function of the library that is called with a name and a version.
pub(crate) const TAKES_VERSION: &str = "fetchVersion";

/// The function of the set [`SET`] that is called so, too.
pub(crate) const PIN: &str = "pin";

/// What is ours goes by this name.
pub(crate) const SET: &str = "nix-archiver";

/// The function of Nix that is called with an address.
pub(crate) const TAKES_ADDRESS: &str = "getFlake";

/// What addresses of ours begin with.
pub(crate) const SCHEME: &str = "nix-archiver:";

/// Options of the modules that are pins, by the last of the names that lead to them; `*` is any.
const OPTIONS: [&[&str]; 3] = [
    &["services", SET, "pinnedPackages"],
    &["programs", SET, "pins"],
    &["programs", SET, "devEnvironments", "*", "packages"],
];

/// Whether a text may hold pins in one of these forms.
pub(crate) fn may_be_in(text: &str) -> bool {
    let names = TAKE_PACKAGES.into_iter().chain([TAKES_VERSION, SET]);
    names.into_iter().any(|name| text.contains(name))
}

/// Whether names lead to an option that is pins.
pub(crate) fn is_option(names: &[&str]) -> bool {
    OPTIONS.iter().any(|option| {
        let last = names.len().checked_sub(option.len()).map(|start| &names[start..]);
        last.is_some_and(|last| {
            last.iter().zip(*option).all(|(name, wanted)| *wanted == "*" || name == wanted)
        })
    })
}
