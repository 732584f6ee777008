# What this machine runs, whatever its channel has.
{
  nodejs = "6.12.3";
  git = "2.16.2";
  python3Packages.requests = "2.18.*";
}
