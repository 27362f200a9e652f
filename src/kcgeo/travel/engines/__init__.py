"""Searches for shortest times; all give equal answers."""
