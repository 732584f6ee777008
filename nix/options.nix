# The page of documentation about a module's options, made from the options themselves.
#
#   nix-instantiate --eval --strict --json -E \
#     'import ./nix/options.nix { lib = import <nixpkgs/lib>; title = "..."; module = ./nix/...; }'
{
  lib,
  title,
  module,
}:
let
  unchecked = {
    _module.check = false;
    _module.args.pkgs = { };
  };
  evaluated = lib.evalModules {
    modules = [
      module
      unchecked
    ];
  };

  # Every option of a tree, by its name: [ { name, option } ].
  collect =
    prefix: tree:
    let
      of =
        key:
        let
          value = tree.${key};
          name = if prefix == "" then key else "${prefix}.${key}";
          inner = value.type.getSubOptions [ ];
        in
        if value._type or null == "option" then
          [ { inherit name; option = value; } ] ++ collect "${name}.<name>" inner
        else
          collect name value;
      # What begins so is the module system's own.
      isOurs = key: builtins.substring 0 1 key != "_";
      keys = builtins.filter isOurs (builtins.attrNames tree);
    in
    builtins.concatLists (map of keys);

  kinds = {
    attrs = "set";
    attrsOf = "set";
    bool = "`true` or `false`";
    either = "set or list";
    listOf = "list";
    nullOr = "path, or `null`";
    package = "package";
    str = "text";
  };

  # A value as one writes it in Nix; those that people give as examples and defaults.
  show =
    value:
    if builtins.isAttrs value then
      let
        field = key: "${key} = ${show value.${key}};";
      in
      if value == { } then "{ }" else "{ ${words (map field (builtins.attrNames value))} }"
    else if builtins.isList value then
      if value == [ ] then "[ ]" else "[ ${words (map show value)} ]"
    else
      builtins.toJSON value;
  words = builtins.concatStringsSep " ";

  # On one line.
  flat =
    text:
    words (
      builtins.filter (word: builtins.isString word && word != "") (builtins.split "[ \n]+" text)
    );

  section =
    { name, option }:
    let
      default = if option ? defaultText then option.defaultText else show option.default;
    in
    "## ${name}\n\n${flat option.description}\n\n- type: ${kinds.${option.type.name}}\n- default: `${default}`\n"
    + (if option ? example then "- example: `${show option.example}`\n" else "");
in
"# ${title}\n\n" + builtins.concatStringsSep "\n" (map section (collect "" evaluated.options))
