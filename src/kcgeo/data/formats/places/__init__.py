"""Published files about places: Census outlines, centers, survey tables."""
