# From a name in the lock to its package. It is called like a function, and `revisions` has what each
# revision of nixpkgs gives. Each is imported once, however many pins come from it.
{
  lock,
  lockFile,
  system,
  config,
  sources,
}:
let
  file = toString lockFile;

  fetch =
    name:
    let
      revision = lock.revisions.${name};
      url = "https://github.com/${revision.owner}/${revision.repo}/archive/${revision.rev}.tar.gz";
    in
    if sources ? ${name} then
      sources.${name}
    else if revision ? narHash then
      builtins.fetchTarball {
        inherit url;
        sha256 = revision.narHash;
      }
    # Only pure evaluation does not know the time.
    else if builtins ? currentTime then
      builtins.fetchTarball { inherit url; }
    else
      throw (
        "nix-archiver: ${file} has no narHash for ${name} (${revision.rev}), and pure evaluation needs "
        + "it; run `nix-archiver lock --repo PATH` with a clone of nixpkgs, or `nix-archiver lock "
        + "--prefetch`"
      );

  # What a revision is to permit: the pins of packages.nix that say `allowInsecure`.
  permitted =
    name:
    let
      of =
        pin: if pin.revision == name && pin ? allowInsecure then [ pin.allowInsecure ] else [ ];
    in
    builtins.concatLists (map of (builtins.attrValues lock.pins));
  permit =
    names:
    let
      more =
        config:
        config
        // {
          permittedInsecurePackages = config.permittedInsecurePackages or [ ] ++ names;
        };
    in
    if names == [ ] then
      config
    else if builtins.isFunction config then
      arguments: more (config arguments)
    else
      more config;

  load =
    name: _:
    let
      nixpkgs = import (fetch name);
      # Without this, overlays in a user's home would be taken in.
      takesOverlays = builtins.isFunction nixpkgs && builtins.functionArgs nixpkgs ? overlays;
    in
    nixpkgs (
      {
        inherit system;
        config = permit (permitted name);
      }
      // (if takesOverlays then { overlays = [ ]; } else { })
    );
  revisions = builtins.mapAttrs load lock.revisions;

  package =
    name:
    let
      pin = lock.pins.${name};
      step =
        set: attribute:
        if builtins.isAttrs set && set ? ${attribute} then
          set.${attribute}
        else
          throw (
            "nix-archiver: ${pin.revision} (${lock.revisions.${pin.revision}.rev}) has no ${name} for "
            + "${system}, although ${file} says so; `nix-archiver lock` writes it anew"
          );
    in
    builtins.foldl' step revisions.${pin.revision} pin.attrPath;
in
{
  inherit revisions;
  __functor = _: package;
}
