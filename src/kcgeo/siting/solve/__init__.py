"""How a model is solved and its bound proven; models call it, users do not."""
