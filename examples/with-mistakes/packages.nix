# Three mistakes that are easy to make.
{
  # No such package: a slip of the fingers.
  ripgerp = "0.8.1";

  # No such version: Python 3.6 had no 3.6.44.
  python3 = "3.6.44";

  # The right name, and a version that never was in nixpkgs.
  redis = "4.0.100";
}
