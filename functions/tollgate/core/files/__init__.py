"""Files of any size: read in chunks, scored chunk by chunk, and what they add to the histories."""
