"""The Score page: the score of a payment as one changes it."""
