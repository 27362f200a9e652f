"""A study file: its settings, its layers, its region."""
