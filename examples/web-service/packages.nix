# What this service is built and run with.
{
  nodejs = "8.9.4";
  python3 = "3.6.4";
  redis = "4.0.8";
}
