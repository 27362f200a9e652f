"""Findings, as answers hold them; they are defined on the ground (:mod:`kcgeo.findings`)."""

from kcgeo.findings import Finding

__all__ = ["Finding"]
