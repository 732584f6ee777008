# The packages.lock at a path, as data. What it lacks is said before something else stumbles over it.
lockFile:
let
  file = toString lockFile;
  anew = "`nix-archiver lock` writes it anew";
  fail = what: throw "nix-archiver: ${file} ${what}";

  lock =
    if !builtins.pathExists lockFile then
      throw "nix-archiver: there is no ${file}; `nix-archiver lock` makes it from packages.nix"
    else
      builtins.fromJSON (builtins.readFile lockFile);

  # An element of a list, or a value, that is wrong in no way is null.
  firstOf =
    problems: builtins.foldl' (found: problem: if found != null then found else problem) null problems;
  lacking =
    what: keys: value:
    firstOf (map (key: if value ? ${key} then null else "lacks `${key}` in ${what}; ${anew}") keys);

  ofRevision =
    name: lacking "the revision ${name}" [ "lastModified" "owner" "repo" "rev" ] lock.revisions.${name};
  ofPin =
    name:
    let
      pin = lock.pins.${name};
      missing = lacking "the pin ${name}" [ "attrPath" "requirement" "revision" "version" ] pin;
    in
    if missing != null then
      missing
    else if !builtins.isList pin.attrPath || pin.attrPath == [ ] then
      "has a pin ${name} without an attribute path; ${anew}"
    else if !lock.revisions ? ${pin.revision} then
      "has no revision ${pin.revision}, which the pin ${name} is from; ${anew}"
    else
      null;

  problem =
    if !builtins.isAttrs lock || !lock ? version then
      "is no lock: it has no `version`; ${anew}"
    else if lock.version != 1 then
      "has format ${builtins.toJSON lock.version}, and this library reads format 1; use the nix-archiver that wrote it, or: ${anew}"
    else
      firstOf (
        [ (lacking "itself" [ "pins" "revisions" ] lock) ]
        ++ map ofRevision (builtins.attrNames (lock.revisions or { }))
        ++ map ofPin (builtins.attrNames (lock.pins or { }))
      );
in
if problem == null then lock else fail problem
