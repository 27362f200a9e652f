"""Corridors: lines, linear referencing, tracing, exits, the highway graph."""
