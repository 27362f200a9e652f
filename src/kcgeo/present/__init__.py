"""How is it shown? Figures, web maps, slides, tables."""
