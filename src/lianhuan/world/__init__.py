"""The procedural storybook world: stories, scenes, drawing, captions and exact labels. Needs skia, no torch."""
