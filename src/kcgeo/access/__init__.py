"""Who is left out? Measures of access, gaps, corridors, equity."""
