"""Files of any size: read in pieces, scored piece by piece, and what they leave in the histories."""
