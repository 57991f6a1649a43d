"""Everything that must be true before the first job is taken."""

from collections.abc import Callable

import attrs

from application.diagnose import Diagnose, Finding
from application.warm_up import WarmUp
from domain.errors import StorageUnavailable


def _tell_nobody(_: Finding) -> None:
    """Findings come back as the result too."""


@attrs.frozen
class Prepare:
    """Checks first, for they are cheap; then loads the model and warms it up."""

    diagnose: Diagnose
    warm_up: WarmUp

    def __call__(self, tell: Callable[[Finding], None] = _tell_nobody) -> tuple[Finding, ...]:
        """Return what was found, when the worker is ready. `tell` hears every finding before one of them is raised.

        A store that does not answer is only a finding: it may be back when the first clip is done.

        Raises:
            WorkerError: the first other check that failed, or what the model raises.
        """
        findings = self.diagnose()
        for finding in findings:
            tell(finding)
        for finding in findings:
            if finding.error is not None and not isinstance(finding.error, StorageUnavailable):
                raise finding.error
        self.warm_up()
        return findings
