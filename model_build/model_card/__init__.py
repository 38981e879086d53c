"""The model card: its content, and how it is rendered."""
