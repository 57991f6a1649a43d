"""LTX-2 through diffusers: located, loaded once, called as its family wants to be called."""
