# What packages.lock says, as packages. Nix alone: no tool and no nixpkgs of one's own is needed.
#
#   pinned = import ./nix/lib { lockFile = ./packages.lock; };
#   pinned.fetchVersion "nodejs" "20.11.0"
#
# What may be said here may also be said in the call of each function that takes a set, and counts
# more there:
#
#   lockFile   the packages.lock
#   system     for which system, as "x86_64-linux"; the one that evaluates, where that can be known
#   config     nixpkgs' own configuration
#   sources    other trees in the place of the lock's revisions, by their names in the lock
#
# Whatever is wrong is said by a `throw` that names the file and the command to run.
bound:
let
  readLock = import ./read-lock.nix;
  choose = import ./choose.nix;
  nest = import ./nest.nix;

  # The lock for a call, and what its revisions are.
  open =
    function: arguments:
    let
      all = bound // arguments;
      lockFile = all.lockFile or (throw (
        "nix-archiver: ${function} does not know which lock to read; give it `lockFile = "
        + "./packages.lock;`, or write `(lib.using { lockFile = ./packages.lock; }).${function}`"
      ));
      lock = readLock lockFile;
      system = all.system or builtins.currentSystem or (throw (
        "nix-archiver: pure evaluation does not tell ${function} which system this is; write `system "
        + "= \"x86_64-linux\"` where lockFile is given"
      ));
    in
    {
      inherit lock lockFile;
      package = import ./load.nix {
        inherit lock lockFile system;
        config = all.config or { };
        sources = all.sources or { };
      };
      chosen =
        packages:
        choose {
          inherit
            function
            lock
            lockFile
            packages
            ;
        };
    };

  # The pins of a call as a list of { path, name, value }.
  pins =
    function: arguments:
    let
      opened = open function arguments;
      withValue = name: {
        inherit name;
        path = opened.lock.pins.${name}.attrPath;
        value = opened.package name;
      };
    in
    map withValue (opened.chosen (arguments.packages or null));
in
{
  # readLock ./packages.lock: the lock as data, once it was found to be one.
  inherit readLock;

  # These functions with other defaults.
  using = more: import ./. (bound // more);

  # fetchVersion "nodejs" "20.11.0": the package, if that is what the lock has. The second text may
  # be a version or the requirement of packages.nix.
  fetchVersion =
    name: version:
    let
      opened = open "fetchVersion" { };
    in
    opened.package (builtins.head (opened.chosen [ "${name}@${version}" ]));

  # pinnedPackages { packages = import ./packages.nix; }: the pinned packages, nested as their
  # attribute paths are. All that the lock has, without `packages`; see choose.nix for what it takes.
  pinnedPackages = arguments: nest { } (pins "pinnedPackages" arguments);

  # The same as a list, without their names: for `environment.systemPackages` and the like.
  pinnedList = arguments: map (pin: pin.value) (pins "pinnedList" arguments);

  # mkOverlay { }: an overlay that puts the pinned packages in the place of their namesakes, and
  # touches nothing else. System and configuration are those of the packages that it is laid over.
  mkOverlay =
    arguments: final: prev:
    let
      own = {
        system = prev.stdenv.hostPlatform.system or prev.stdenv.system;
        config = prev.config or { };
      };
    in
    nest prev (pins "mkOverlay" (own // arguments));

  # mkDevShell { packages = [ "nodejs@20.11.0" "git" ]; }: a shell with these pins, or with all of
  # them. Packages from elsewhere may stand among the names. It is made with the `mkShell` of `pkgs`,
  # or else of the newest revision; what else is given (`shellHook`, variables) is passed on to it.
  mkDevShell =
    arguments:
    let
      opened = open "mkDevShell" arguments;
      packages = arguments.packages or null;
      isName = builtins.isString;
      isElsewhere = one: builtins.isAttrs one && one.type or null == "derivation";
      others = if builtins.isList packages then builtins.filter isElsewhere packages else [ ];
      names =
        if builtins.isList packages then
          builtins.filter (one: !isElsewhere one) packages
        else
          packages;
      revisions = builtins.attrNames opened.lock.revisions;
      pkgs =
        arguments.pkgs or (
          if revisions == [ ] then
            throw (
              "nix-archiver: ${toString opened.lockFile} has no pins to make a shell of; add one with "
              + "`nix-archiver pin NAME`, then run `nix-archiver lock`"
            )
          else
            opened.package.revisions.${builtins.head revisions}
        );
      own = [
        "lockFile"
        "system"
        "config"
        "sources"
        "packages"
        "pkgs"
        "buildInputs"
      ];
      make = pkgs.mkShell or pkgs.stdenv.mkDerivation;
    in
    make (
      {
        name = "pinned-packages";
      }
      // removeAttrs arguments own
      // {
        buildInputs = map opened.package (opened.chosen names) ++ others ++ arguments.buildInputs or [ ];
      }
    );
}
