"""Before the model begins: what a request leaves to its source and to the model is settled, and its inputs are read."""

from pathlib import Path

import attrs

from application.job_control import JobControl
from application.ports.video_model import GenerationInputs, VideoModel
from application.sources import Sources
from application.spans import Spans
from domain.limits import Limits
from domain.plan import GenerationPlan, longest_clip, plan, refuse_unplannable
from domain.profile import ModelProfile
from domain.requests import GenerationRequest
from domain.sampling import Seed
from domain.source_media import Source
from domain.source_requests import SourceRequest


@attrs.frozen(kw_only=True, eq=False)
class Settled:
    """All that is known before the model begins. Nothing is left open in `request`."""

    request: GenerationRequest
    planned: GenerationPlan
    source: Source | None
    inputs: GenerationInputs
    warnings: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Settling:
    """One job's way to its plan. What can fail cheaply fails first."""

    model: VideoModel
    sources: Sources
    profile: ModelProfile
    limits: Limits
    seed: Seed
    control: JobControl
    spans: Spans

    def refuse(self, request: GenerationRequest) -> None:
        """Refuse what can be seen to be wrong before anything is fetched. Raises what `plan` raises."""
        if request.source is None:
            self._plan(request, None)
        else:
            refuse_unplannable(request, self.profile)

    def settled(self, request: GenerationRequest, folder: Path) -> Settled:
        """Fetch what `request` begins with, into `folder`, and its pictures; ask the model; plan; read the source.

        Raises what `plan`, the fetchers and the model raise.
        """
        with self.spans.span("fetch"):
            source = self.sources.source(request, folder, self.control)
            if source is not None and isinstance(request, SourceRequest):
                request = request.settled(source)
                self._plan(request, source)  # refuses it before more is done for it
            pictures = self.sources.pictures(request, self.control)
        warnings: tuple[str, ...] = ()
        if request.enhance_prompt or request.num_frames is None:
            with self.spans.span("text"):
                request, warnings = self._ask_model(request, GenerationInputs(pictures=pictures))
        planned = self._plan(request, source)
        with self.spans.span("fetch"):
            inputs = self.sources.inputs(planned, source, pictures, self.control)
        return Settled(request=request, planned=planned, source=source, inputs=inputs, warnings=warnings)

    def _plan(self, request: GenerationRequest, source: Source | None) -> GenerationPlan:
        return plan(request, self.profile, self.limits, self.seed, source)

    def _ask_model(
        self, request: GenerationRequest, inputs: GenerationInputs
    ) -> tuple[GenerationRequest, tuple[str, ...]]:
        """`request` with what it leaves to the model: a better prompt, the number of frames."""
        warnings: tuple[str, ...] = ()
        if request.enhance_prompt:
            enhanced = self.model.enhance(request.prompt, inputs, self.seed, self.control)
            request, warnings = attrs.evolve(request, prompt=enhanced.prompt), enhanced.warnings
        if request.num_frames is None:
            longest = longest_clip(request, self.limits)
            frames = self.model.predict_frames(request.prompt, request.fps, longest, self.control)
            request = attrs.evolve(request, num_frames=frames)
        return request, warnings
