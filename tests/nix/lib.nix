# A module system in small, with the names and the meaning of nixpkgs' own, as far as the modules of
# this repository use it: where no nixpkgs is at hand, they are evaluated with this.
let
  inherit (builtins) attrNames concatLists concatStringsSep filter isAttrs isBool isFunction isList isPath isString listToAttrs map;

  isOption = value: isAttrs value && value._type or null == "option";
  isType = name: value: isAttrs value && value._type or null == name;
  mkIf = condition: content: { _type = "if"; inherit condition content; };
  mkMerge = contents: { _type = "merge"; inherit contents; };

  # The definitions in a value, conditions resolved.
  push = value:
    if isType "if" value then (if value.condition then push value.content else [ ])
    else if isType "merge" value then concatLists (map push value.contents)
    else [ value ];

  # The sets in a value, with conditions moved to what is in them: which options there are definitions
  # of must be known before any condition is.
  spread = value:
    if isType "if" value then map (builtins.mapAttrs (_: mkIf value.condition)) (spread value.content)
    else if isType "merge" value then concatLists (map spread value.contents)
    else [ value ];

  type = name: check: merge: { _type = "option-type"; inherit name check merge; getSubOptions = _: { }; };
  one = where: values:
    if builtins.length values == 1 then builtins.head values
    else throw "The option `${where}' is defined several times.";
  types = rec {
    attrs = type "attrs" isAttrs (_: builtins.foldl' (a: b: a // b) { });
    bool = type "bool" isBool one;
    str = type "str" isString one;
    path = type "path" (value: isPath value || isString value && builtins.substring 0 1 value == "/") one;
    package = type "package" isAttrs one;
    unspecified = type "unspecified" (_: true) one;
    listOf = element: type "listOf" (value: isList value && builtins.all element.check value) (_: concatLists);
    nullOr = inner: type "nullOr" (value: value == null || inner.check value) one;
    either = a: b: type "either" (value: a.check value || b.check value)
      (where: values: if builtins.all a.check values then a.merge where values else b.merge where values);
    attrsOf = inner: type "attrsOf" isAttrs (where: values:
      let
        names = attrNames (builtins.foldl' (a: b: a // b) { } values);
        of = name: map (value: value.${name}) (filter (value: value ? ${name}) values);
      in
      listToAttrs (map (name: { inherit name; value = checked inner "${where}.${name}" (of name); }) names))
      // { getSubOptions = inner.getSubOptions; };
    submodule = module: type "submodule" isAttrs (where: values: (evaluate where ([ module ] ++ values)).config)
      // { getSubOptions = _: (evaluate "" [ module ]).options; };
  };

  # What definitions come to, each having been looked at.
  checked = type: where: values:
    let
      given = concatLists (map push values);
      wrong = filter (value: !type.check value) given;
    in
    if wrong != [ ] then throw "The option value `${where}' is not of type `${type.name}'."
    else type.merge where given;

  evaluate = where: modules: evalModules { inherit where modules; };
  evalModules = { modules, where ? "" }:
    let
      load = module:
        # Which arguments there are is known by the modules alone: that must not be asked for too soon.
        if isFunction module then module (builtins.mapAttrs (name: _: argument name) (builtins.functionArgs module))
        else if isPath module then load (import module)
        else module;
      # A module, and those that it asks for.
      withImports = module: let it = load module; in [ it ] ++ concatLists (map withImports (it.imports or [ ]));
      loaded = concatLists (map withImports modules);
      argument = name: { inherit config lib; }.${name} or moduleArgs.${name} or (throw "There is no argument `${name}' for modules.");
      # Where a definition is everything but what a module says beside it.
      definitions = module:
        if module ? config || module ? options then module.config or { } else removeAttrs module [ "imports" "_module" ];
      own = filter (module: module ? _module) loaded;
      moduleArgs = builtins.foldl' (all: module: all // module._module.args or { }) { } own;
      isChecked = builtins.all (module: module._module.check or true) own;

      merge = a: b: a // builtins.mapAttrs (name: value: if a ? ${name} && !isOption value then merge a.${name} value else value) b;
      options = builtins.foldl' merge { } (map (module: module.options or { }) loaded);

      # The value of every option in a tree, and a complaint about what is none.
      values = where: tree: given:
        let
          sets = concatLists (map spread given);
          of = name: map (set: set.${name}) (filter (set: set ? ${name}) sets);
          strange = filter (name: !tree ? ${name}) (concatLists (map attrNames sets));
          value = name: option:
            let
              here = if where == "" then name else "${where}.${name}";
              found = concatLists (map push (of name));
            in
            if !isOption option then values here option (of name)
            else if found == [ ] then option.default or (throw "The option `${here}' is used but not defined.")
            else (option.apply or (x: x)) (checked option.type here found);
        in
        if isChecked && strange != [ ] then throw "The option `${concatStringsSep "." (filter (x: x != "") [ where (builtins.head strange) ])}' does not exist."
        else builtins.mapAttrs value tree;
      config = values where options (map definitions loaded);
    in
    { inherit options config; };

  lib = rec {
    inherit types mkIf mkMerge evalModules;
    mkOption = option: option // { _type = "option"; };
    optional = condition: value: if condition then [ value ] else [ ];
    optionals = condition: values: if condition then values else [ ];
    optionalString = condition: text: if condition then text else "";
    hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
    escapeShellArg = text: "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] (toString text)}'";
    inherit concatStringsSep;
    concatMapStringsSep = separator: f: list: concatStringsSep separator (map f list);
    mapAttrs' = f: set: listToAttrs (map (name: f name set.${name}) (attrNames set));
  };
in
lib
