"""Rows of services: read, rules, levels, hours."""
