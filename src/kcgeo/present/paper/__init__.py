"""Paper and slides: atlas, deck, one-page answers."""
