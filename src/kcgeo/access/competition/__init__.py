"""Access where people compete for the same places: catchments that float, crowd or add up to known totals."""
