{ archiver, ... }:
{
  imports = [ ./hardware.nix ];
  services.nix-archiver.pinnedPackages = {
    nodejs = "20.11.0";
    a = { b = { version = "1"; ignore = [ "outdated" ]; }; };
  };
  services.nix-archiver.pinnedPackages.git = "2.44.0";
  programs.nix-archiver = { pins.nodejs = "^20"; devEnvironments.web.packages = [ "nodejs@22.1.0" ]; };
  shell = archiver.mkDevShell {
    packages = [ "nodejs@20.11.0" "a.\"c d\"@1.0" (archiver.fetchVersion "git" "2.44.0") ];
    shellHook = ''echo "a@1" ${archiver.pin "git" "1"}'';
  };
  other = [ (nix-archiver.pin "git" "2.44.0") (builtins.getFlake "nix-archiver:git/2.44.0") ];
}
