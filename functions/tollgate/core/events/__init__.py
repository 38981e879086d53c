"""Events as columns, their types, and the reader that makes them from outside values."""
