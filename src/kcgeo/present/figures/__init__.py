"""Maps and charts, one theme a file; each takes released tables and returns a plate."""
