"""What may leave? Levels, the release gate, audits."""
