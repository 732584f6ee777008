# Evaluates the library without nixpkgs and without a network. It throws where something is wrong, and
# gives "ok" otherwise.
#
#   nix-instantiate --eval --strict nix/checks/library
let
  pinned = import ../../lib {
    lockFile = ./packages.lock;
    system = "x86_64-linux";
    sources.nixpkgs-1 = ./tree.nix;
  };

  check = what: ok: if ok then null else throw what;
  fails = value: !(builtins.tryEval value).success;
in
builtins.deepSeq [
  (check "a version" ((pinned.fetchVersion "nodejs" "8.9.4").system == "x86_64-linux"))
  (check "a requirement" ((pinned.fetchVersion "nodejs" "^8").type == "derivation"))
  (check "another version" (fails (pinned.fetchVersion "nodejs" "9")))
  (check "another name" (fails (pinned.fetchVersion "node" "8.9.4")))
  (check "all of them" (builtins.attrNames (pinned.pinnedPackages { }) == [ "nodejs" ]))
  (check "a shell" (builtins.length (pinned.mkDevShell { packages = [ "nodejs@^8" ]; }).buildInputs == 1))
  (check "an overlay" (builtins.attrNames (pinned.mkOverlay { } { } { stdenv.system = "x"; }) == [ "nodejs" ]))
] "ok"
