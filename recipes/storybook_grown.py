"""The embedded model on the full world, from the package's weights of the small one, on two CPU cores.

Command:   scripts/weights take runs/small && lianhuan train recipes/storybook_grown.py -o runs/grown --resume
           lianhuan train recipes/storybook_grown.py:denoiser -o runs/grown --resume   (one part; those before it must be there)
"""
