"""What a decoding process is limited to."""

import attrs

from domain.errors import WorkerError


@attrs.frozen(kw_only=True)
class SandboxLimits:
    """Limits of one child process.

    `output_bytes` is the largest result, and the largest file that the child can write. `memory_bytes` bounds its
    address space. `seconds` bounds one request, in wall time by the worker and in CPU time by the kernel. A child is
    replaced after `requests`, so that what a file left behind in it does not stay for good. `start_seconds` is what
    an interpreter and its imports may take: 0.2 s as a rule, much more from a cold disk.
    """

    output_bytes: int
    memory_bytes: int = 1536 * 1024 * 1024
    """A picture of 40 megapixels takes at most 1138 MiB: a turned WebP with transparency and a colour profile.
    Measured with Pillow 13; JPEG 648, CMYK 566, RGBA PNG 833, 16-bit PNG 681."""
    seconds: float = 20.0
    """A picture of 40 megapixels takes at most 4.1 s on a core that is shared with other work."""
    requests: int = 200
    start_seconds: float = 60.0


class ChildLost(Exception):
    """The child ended, took too long, or said what cannot be true. Never leaves the sandbox, but as a cause."""


class SandboxFailed(WorkerError):
    """The child does not start, or its task failed for no reason of the file's: not the caller's to mend."""
