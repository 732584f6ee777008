# What one works on this project with.
{
  nodejs = "6.12.3";
  git = "2.16.2";
  python3Packages.requests = "2.18.*";
}
