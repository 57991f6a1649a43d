"""The lower layer for every outgoing request that a caller can steer."""
