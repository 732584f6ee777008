{ pkgs }:
{
  # Tools
  git = "2.44.0"; # why
  a.b = "2";

  # z
  nodejs = { version = "20.11.0"; ignore = [ "outdated" ]; };
