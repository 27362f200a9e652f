"""One question a file: what is measured for it and what is released; a whole study at once in ``whole``."""
