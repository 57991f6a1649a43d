"""The reply to a job of several clips: each one's own end, and above them what the whole job comes to."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import attrs

from entrypoints.replies import Reply, sealed, size_of

_MAX_OUTPUT_BYTES: Final = 48 << 10
"""Of one output: sixteen of them, the first once more and the faults of all stay below what a reply may have."""
_FEWER_DETAILS: Final = 50
_MAX_DETAILS: Final = 100
_TOO_LONG: Final = "prompt_used is left out here: it is too long for a reply of several clips"

Detail = dict[str, Any]


@attrs.frozen
class Output:
    """How one clip ended, in the form of a reply to a job of its own. `caller_fault`: if it failed, who can mend it."""

    reply: Reply
    caller_fault: bool = False


@attrs.frozen
class Outputs:
    """The outputs of a job, in order.

    `path` is the request's list that they come from; "" where all are takes of one request, whose faults are then
    told by its own fields.
    """

    path: str
    outputs: Sequence[Output]

    @property
    def failed(self) -> int:
        """How many have no clip."""
        return sum(not output.reply["ok"] for output in self.outputs)

    @property
    def caller_fault(self) -> bool:
        """Whether the caller can mend all that failed."""
        return all(output.reply["ok"] or output.caller_fault for output in self.outputs)

    def entries(self) -> list[Reply]:
        """What the reply lists as `outputs`."""
        return [
            {"index": index, **_fitting(self._located(output.reply, index), self._name(index))}
            for index, output in enumerate(self.outputs)
        ]

    def reply(self) -> Reply:
        """The whole reply: a success with the place of the first clip if there is one, else a failure."""
        entries = self.entries()
        made = next((entry for entry in entries if entry["ok"]), None)
        whole = self._failure(entries) if made is None else {**made}
        del whole["index"]
        whole["outputs"] = entries
        if any(output.reply.get("refresh_worker") for output in self.outputs):
            whole["refresh_worker"] = True
        return whole

    def _failure(self, entries: Sequence[Reply]) -> Reply:
        """The first failure that may pass, for the job is worth a retry then; else the first one."""
        told = next((entry for entry in entries if entry["retryable"]), entries[0])
        details = list(self._details(entries))
        if len(details) > _MAX_DETAILS:
            more = f"has the other {len(details) - _MAX_DETAILS} faults"
            details = [*details[:_MAX_DETAILS], {"path": "outputs", "message": more}]
        count = "" if len(entries) == 1 else f" ({self._name(told['index'])}; all {len(entries)} outputs failed)"
        return {**told, "error": told["error"] + count, "details": details}

    def _details(self, entries: Sequence[Reply]) -> Iterator[Detail]:
        """All faults, each once; of a failure without any, its error."""
        seen: list[Detail] = []
        for entry in entries:
            for detail in entry["details"] or [{"path": self._name(entry["index"]), "message": entry["error"]}]:
                if detail not in seen:
                    seen.append(detail)
                    yield detail

    def _name(self, index: int) -> str:
        return f"{self.path or 'outputs'}[{index}]"

    def _located(self, reply: Reply, index: int) -> Reply:
        """`reply` as one of several: the paths of its faults begin with its own; a fresh worker is the job's matter."""
        entry = {name: value for name, value in reply.items() if name != "refresh_worker"}
        if self.path and not reply["ok"]:
            entry["details"] = [
                {**detail, "path": _below(self._name(index), detail["path"])} for detail in reply["details"]
            ]
        return entry


def _below(name: str, path: str) -> str:
    """`path` in the item `name`: the decoder's faults are told from the job on, those of the plan from the item on."""
    if path == name or path.startswith(f"{name}."):
        return path
    return f"{name}.{path}" if path else name


def _fitting(entry: Reply, name: str) -> Reply:
    """`entry`, called `name`, without what is too long beside others. Raises as `sealed`."""
    if size_of(entry) <= _MAX_OUTPUT_BYTES:
        return sealed(entry)
    if entry["ok"]:
        meta = entry["meta"]
        return sealed({**entry, "meta": {**meta, "prompt_used": None, "warnings": [*meta["warnings"], _TOO_LONG]}})
    details = entry["details"]
    more = {"path": name, "message": f"has {len(details) - _FEWER_DETAILS} more faults, which are left out here"}
    return sealed({**entry, "details": [*details[:_FEWER_DETAILS], more]})
