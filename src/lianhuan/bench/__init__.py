"""The bench: saved books in, scores and tables out. It never draws."""
