"""lianhuan."""
