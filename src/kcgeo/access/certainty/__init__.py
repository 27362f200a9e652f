"""How sure the measures are: what is not known drawn again, and how the ranks hold."""
