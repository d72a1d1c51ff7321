"""Score picture books: exact labels of the story world, people's votes, real books."""

VERBS = ("world", "picturebooks", "survey", "survey-results")
"""Verbs of `lianhuan bench`, as in `lianhuan.cli`."""
