"""Training: fits models to labeled payments, and seals, publishes and tests detector versions."""
