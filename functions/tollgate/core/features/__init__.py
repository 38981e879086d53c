"""Features: definitions, formulas, and the pipeline that computes them."""
