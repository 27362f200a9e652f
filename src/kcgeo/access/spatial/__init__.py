"""Where access clusters in space: neighbours, hot spots, Moran."""
