"""The suite of metrics as a whole: its version, and which way is better."""

SUITE = "lianhuan-2"
"""Version of every definition in this package; raised whenever a score of the same pictures moves."""

LOWER_IS_BETTER = frozenset({"drift", "copy_paste", "frechet", "kernel"})
"""Metrics of which less is better; of all others more is."""
