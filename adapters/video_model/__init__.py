"""Video models: diffusers for real, a test card without torch."""
