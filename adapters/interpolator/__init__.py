"""More frames a second, by the motion in a clip."""
