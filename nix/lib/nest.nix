# The nested set of a list of { path, value }, laid over the sets of `base`: what is pinned takes the
# place of its namesake, and what stands beside it in the same set stays.
base: pins:
let
  nest =
    base: pins:
    let
      groups = builtins.groupBy (pin: builtins.head pin.path) pins;
      node =
        name: members:
        let
          isHere = pin: builtins.length pin.path == 1;
          here = builtins.filter isHere members;
          below = map (pin: pin // { path = builtins.tail pin.path; }) (
            builtins.filter (pin: !isHere pin) members
          );
          own = if here == [ ] then base.${name} or { } else (builtins.head here).value;
        in
        if below == [ ] then own else own // nest own below;
    in
    builtins.mapAttrs node groups;
in
nest base pins
