"""Score page: score one payment, change it, and see the effect."""
