"""A process of its own for what decodes strangers' files: a crash or a memory blow-up ends it, not the worker.

`Sandbox` is the worker's side, `serve` the child's. An adapter brings the tasks: a module that calls `serve`.
"""
