"""How long does it take? Road network, snapping, travel times."""
