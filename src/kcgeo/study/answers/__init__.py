"""One question a file: what is measured for it and what is released."""
