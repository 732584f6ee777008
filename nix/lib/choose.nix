# The names, in the lock, of the pins that are asked for:
#
#   null                                   all of them
#   [ "nodejs@20.11.0" "git" ]             names of the lock, with the version that is expected or not
#   { nodejs = "20.11.0"; }                pins as in packages.nix, long and nested ones too
#   ./packages.nix                         the same, in a file
#
# A version that the lock does not have is an error, so that what is built is what is written.
{
  function,
  lock,
  lockFile,
  packages,
}:
let
  file = toString lockFile;
  fail = what: throw "nix-archiver: ${function}: ${what}";
  names = builtins.attrNames lock.pins;
  some = list: if list == [ ] then "no pins" else builtins.concatStringsSep ", " list;

  # A name, if it is locked at a version that the text stands for: itself, or its requirement.
  expect =
    name: version:
    let
      pin = lock.pins.${name};
    in
    if version == pin.version || version == pin.requirement then
      name
    else
      fail (
        "${file} has ${name} ${pin.version}, and ${version} is asked for; pin it with `nix-archiver "
        + "pin '${name}@${version}'`, then run `nix-archiver lock`"
      );

  # Of "a@1" and "a@1@2", that which is locked; names may have the sign in them.
  ofText =
    text:
    let
      begins =
        name:
        let
          sign = "${name}@";
        in
        builtins.substring 0 (builtins.stringLength sign) text == sign;
      found = builtins.filter begins names;
      name = builtins.head found;
      length = builtins.stringLength name + 1;
    in
    if lock.pins ? ${text} then
      text
    else if found == [ ] then
      fail (
        "${file} has no pin for ${text}; add it with `nix-archiver pin '${text}'`, then run "
        + "`nix-archiver lock` (it has ${some names})"
      )
    else
      expect name (builtins.substring length (builtins.stringLength text) text);

  # The name of the lock for the names that lead to a pin.
  byPath = builtins.listToAttrs (
    map (name: {
      name = builtins.toJSON lock.pins.${name}.attrPath;
      value = name;
    }) names
  );

  ofPin =
    path: version:
    let
      key = builtins.toJSON path;
      written = builtins.concatStringsSep "." path;
    in
    if byPath ? ${key} then
      expect byPath.${key} version
    else
      fail (
        "${file} has no pin for ${written}; run `nix-archiver lock`, if packages.nix has it (the lock "
        + "has ${some names})"
      );

  # A set is the long form of a pin if it has a version; any other set has pins in it.
  ofSet =
    path: set:
    let
      of =
        name:
        let
          value = set.${name};
          here = path ++ [ name ];
        in
        if builtins.isString value then
          [ (ofPin here value) ]
        else if builtins.isAttrs value && builtins.isString (value.version or null) then
          [ (ofPin here value.version) ]
        else if builtins.isAttrs value then
          ofSet here value
        else
          fail (
            "${builtins.concatStringsSep "." here} is ${builtins.typeOf value}, and a pin is a text "
            + "such as \"1.2.3\", or { version = \"1.2.3\"; }"
          );
    in
    builtins.concatLists (map of (builtins.attrNames set));

  ofElement =
    element:
    if builtins.isString element then
      ofText element
    else
      fail (
        "the list has ${builtins.typeOf element} in it; it takes names such as \"nodejs\" or "
        + "\"nodejs@20.11.0\""
      );
in
if packages == null then
  names
else if builtins.isList packages then
  map ofElement packages
else if builtins.isPath packages then
  ofSet [ ] (import packages)
else if builtins.isAttrs packages then
  ofSet [ ] packages
else
  fail (
    "packages is ${builtins.typeOf packages}; it takes a list of names such as \"nodejs@20.11.0\", or "
    + "the set that packages.nix gives"
  )
