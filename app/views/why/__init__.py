"""Explanations of the model: the features and reasons that move scores."""
