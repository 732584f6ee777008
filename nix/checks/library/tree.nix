# In the place of nixpkgs.
{ system, config }:
{
  nodejs = {
    type = "derivation";
    inherit system;
  };
  mkShell = shell: shell;
}
