"""Charts without a map: corridors as strips, weeks, chains, groups, certainty, reports; each returns a plate."""
