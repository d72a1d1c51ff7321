"""The embedded model's networks for OpenVINO, which need no torch: built from the same weights files by their names."""
