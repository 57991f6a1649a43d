"""Everything that touches the world: one folder per port, and the lower layers that they share."""
