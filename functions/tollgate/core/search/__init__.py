"""Search index of decisions: immutable segments of rows that are searched without reading them whole."""
