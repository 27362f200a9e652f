"""kcgeo: who can reach help after trafficking, who cannot, and where one more site would help most."""
