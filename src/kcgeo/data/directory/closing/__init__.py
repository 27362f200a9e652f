"""What closes a row: words of safe houses, levels, one door, what other lists hide; and the records that open it."""
