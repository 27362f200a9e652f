"""Files as their publishers give them out, turned into tables of our own; one module for each family of formats."""
