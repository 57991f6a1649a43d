"""Time on the device that computes, without stopping it."""

import time
from typing import Any

import attrs
import torch


@attrs.frozen(kw_only=True)
class Moment:
    """A point in time. On a GPU it is an event in the stream: the host goes on giving it work."""

    host: float
    event: Any = None  # a torch.cuda.Event, which has no types

    def seconds_since(self, earlier: "Moment") -> float:
        """Seconds between two moments of one device. Only once the device has done what it was given."""
        if self.event is None:
            return self.host - earlier.host
        return float(earlier.event.elapsed_time(self.event)) / 1000


def moment(device: str) -> Moment:
    """Now, as `device` sees it."""
    if not device.startswith("cuda"):
        return Moment(host=time.perf_counter())  # the CPU has done everything when a call returns
    event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]  # torch has no types there
    event.record(torch.cuda.current_stream(device))
    return Moment(host=time.perf_counter(), event=event)


def finish(device: str) -> None:
    """Return when the device has done what it was given."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
