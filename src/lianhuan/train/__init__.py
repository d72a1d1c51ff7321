"""The training kit: one loop for all objectives, checkpoints that resume bit for bit."""
