"""The folders of results that a command writes, with their manifest."""
