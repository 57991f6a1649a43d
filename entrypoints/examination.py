"""The doctor's findings, for a person on a terminal and for a job's reply."""

from collections.abc import Callable, Mapping, Sequence

from application.diagnose import Diagnose, Finding
from domain.version import WORKER_VERSION
from entrypoints.guard import Operation
from entrypoints.replies import Reply


def as_operation(diagnose: Diagnose, redact: Callable[[str], str] = str) -> Operation:
    """`{"mode": "doctor"}`: serverless users have no shell. The job succeeds, `fit` says what was found, redacted."""

    def examine(_: Mapping[str, object]) -> Reply:
        findings = diagnose()
        return {
            "ok": True,
            "mode": "doctor",
            "fit": is_fit(findings),
            "checks": [
                {"name": finding.name, "ok": finding.error is None, "found": redact(finding.line)}
                for finding in findings
            ],
            "worker_version": WORKER_VERSION,
        }

    return Operation(examine)


def is_fit(findings: Sequence[Finding]) -> bool:
    """Whether nothing was found that keeps the worker from doing a job."""
    return all(finding.error is None for finding in findings)
