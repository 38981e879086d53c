"""Pictures of the architecture, drawn from the code: from its imports, and from what ran."""
