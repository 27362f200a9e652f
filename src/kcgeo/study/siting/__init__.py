"""Where next? The siting question from needs to released answer."""
