"""Training: fits models to labeled payments, and seals, publishes and tries detector versions."""
