"""The video VAE's decoder, run piece by piece, each layer once.

Every layer that looks at neighbouring frames keeps the last frames it was given, and waits for the next ones. What
comes out is what the whole decode gives, frame by frame, in memory that does not grow with the clip. Written after
`AutoencoderKLLTX2Video` of diffusers 0.42.1; `coverage` says which of its options are taken over.
"""
