"""Real functions as circuits: what is allowed for each input code, and a small network of LUTs that gives it."""
