"""Times the worker's model adapter beside plain diffusers, on the true architectures with random weights.

`python -m benchmarks.gpu` from the repository's root. Neither latency nor memory depends on the values of the weights,
so nothing is downloaded. Beside torch, diffusers and transformers, and what these need themselves, it takes attrs,
structlog and typing_extensions; accelerate only where plain diffusers has to offload.
"""
