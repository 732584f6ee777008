# What this service is built and run with.
{
  nodejs = "6.12.3";
  python3 = "3.6.4";
  redis = "4.0.8";
}
