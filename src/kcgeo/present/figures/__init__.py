"""Maps, one theme a file, and charts (``charts``); each takes released tables and returns a plate."""
