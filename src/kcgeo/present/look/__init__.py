"""How everything looks: theme, words, labels, legends, plates. Imports nothing else of the room."""
