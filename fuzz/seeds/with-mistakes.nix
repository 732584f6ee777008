# Three mistakes that are easy to make.
{
  # No such package: a slip of the fingers.
  ripgerp = "0.8.1";

  # No such version: one digit too many.
  python3 = "3.5.44";

  # Higher than every version that the index knows: only a warning, since the index may be old.
  redis = "4.0.100";
}
