"""Work on a deployment: publish, replay, redrive and reindex."""
