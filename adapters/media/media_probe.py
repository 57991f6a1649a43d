"""Asks a confined child what is in a video or a sound."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from adapters.http.faults import at_field
from adapters.media.claims import from_fields
from adapters.media.config import MediaLimits
from adapters.media.faults import NoPlainFile
from adapters.media.info import MediaInfo
from adapters.media.probing import REFERS
from adapters.media.source import plain_file
from adapters.sandbox.config import SandboxLimits
from adapters.sandbox.sandbox import Sandbox
from application.job_control import JobControl
from domain.errors import InputRefused

_CHILD: Final = "adapters.media.child"
_OUTPUT_BYTES: Final = 1 << 16
"""A probe hands no bytes over; the sample of the warm-up takes 16 kB."""
_MORE_SECONDS: Final = 5.0
"""Past the reading time, before the child is given up."""


@attrs.frozen(eq=False)
class MediaProbe:
    """What is in files that strangers wrote. A file that crashes the demuxer, or takes too much, is unreadable."""

    sandbox: Sandbox
    limits: MediaLimits

    def __call__(self, file: Path, path: str, control: JobControl) -> MediaInfo:
        """What is in `file`, which lies in the job's own folder. Messages name the request's field `path`.

        Raises:
            InputRefused, InputUnreadable: see `probing.probe`; InputRefused for what is no plain file.
            Cancelled, DeadlineExceeded: from `control.check()`.
            OSError: the file cannot be opened.
        """
        try:
            with plain_file(file) as opened:
                return self.sandbox.run(
                    "probe", opened, attrs.asdict(self.limits), self._checked, path=path, control=control
                )
        except NoPlainFile as exc:
            raise at_field(InputRefused, path, REFERS) from exc

    def _checked(self, fields: Mapping[str, Any], _: memoryview) -> MediaInfo:
        """The child's claim, if it can be true. Raises ValueError."""
        return from_fields(fields, self.limits)


def media_sandbox(limits: MediaLimits) -> Sandbox:
    """A sandbox for files within `limits`. It has not started yet."""
    bounds = SandboxLimits(output_bytes=_OUTPUT_BYTES, seconds=limits.reading_seconds + _MORE_SECONDS)
    return Sandbox(module=_CHILD, limits=bounds)
