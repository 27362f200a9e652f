"""Every county of the country by one screening model."""
