"""Video and audio files from strangers: what they are, read without decoding them. A lower layer, as `http` is."""
