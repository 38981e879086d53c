"""Records of streams: packing, envelopes, and the events in them."""
