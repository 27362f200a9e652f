"""What do we know? Catalogue, schemas, corridors, services, claims, places."""
