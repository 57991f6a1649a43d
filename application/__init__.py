"""Use cases and the ports that they need. No vendor, no logging: results and JobControl speak for them."""
