"""A scheduler of its own for each run: it keeps the run's state, and nothing of it may reach the next."""

from typing import Any, Final, Literal

ScheduleKind = Literal["dynamic", "static", "ancestral"]

_EXACT: Final = {
    "use_dynamic_shifting": False,
    "shift_terminal": None,
    "shift": 1.0,
    "use_karras_sigmas": False,
    "use_exponential_sigmas": False,
    "use_beta_sigmas": False,
    "invert_sigmas": False,
    "stochastic_sampling": False,
}
"""Everything in FlowMatchEulerDiscreteScheduler's configuration that would change a list of sigmas that it is given,
or draw noise. A dynamic checkpoint turns (1, 0.725, 0.421875) into (1, 0.721, 0.1) without a word."""


def scheduler_for(prototype: Any, kind: ScheduleKind, seed: int | None = None) -> Any:  # noqa: ANN401 - diffusers has no types
    """A new scheduler of `kind` for one run of a pipeline; `prototype`, the checkpoint's own, is left as it is.

    "dynamic": the checkpoint's own schedule, for a number of steps. "static": a list of sigmas exactly as given,
    and 0 after it. "ancestral": the same, with new noise at every step but the last, drawn from `seed`; not for a plain
    LTX2ConditionPipeline, see `ancestral.py`.

    Raises:
        ValueError: "dynamic" for a checkpoint whose schedule is static, or "ancestral" without a seed.
    """
    match kind:
        case "dynamic":
            if not prototype.config.get("use_dynamic_shifting"):
                message = "The checkpoint has no dynamic schedule; its sigmas must be given"
                raise ValueError(message)
            return type(prototype).from_config(prototype.config)
        case "static":
            return type(prototype).from_config(prototype.config, **_EXACT)
        case "ancestral":
            if seed is None:
                message = "Ancestral sampling draws noise and needs the job's seed"
                raise ValueError(message)
            from adapters.video_model.diffusers.ancestral import AncestralScheduler  # noqa: PLC0415 - loads diffusers

            return AncestralScheduler(seed)
