"""Data sets as typed story batches (B, V, ...)."""
