"""Streets and roads of others: OpenStreetMap, osmnx, TIGER/Line."""
