"""Where next? Location models with a proof."""
