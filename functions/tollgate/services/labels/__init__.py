"""Labels: set them, one or a file of them, and add frauds to histories."""
