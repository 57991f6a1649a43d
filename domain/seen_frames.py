"""What a model is shown beside a prompt, and how much room it takes: for the estimate of its memory."""

import attrs

from domain.activations import latent_frames
from domain.conditions import ClipCondition, Condition


@attrs.frozen(kw_only=True)
class SeenFrames:
    """Pictures and clips of a plan. A reference is shown to the first stage only; a held one to all (`is_first`)."""

    conditions: tuple[Condition, ...] = ()
    clips: tuple[ClipCondition, ...] = ()

    def at_once(self, canvas_frames: int, *, is_first: bool) -> int:
        """The most frames that are encoded in one piece: each picture by itself, and each clip, as far as it fits."""
        clips = (min(clip.frames, canvas_frames) for clip in self.clips if is_first or clip.role == "held")
        return max((*clips, min(1, len(self.conditions))))

    def appended_latents(self, canvas_frames: int, *, is_first: bool) -> int:
        """Latent frames that the transformer is given beside the canvas' own.

        What is held from the first frame on is among those; what is held later, and a reference, are not.
        """
        pictures = sum(condition.frame > 0 for condition in self.conditions)
        held = [clip for clip in self.clips if clip.role == "held" and clip.frame > 0]
        references = [clip for clip in self.clips if clip.role == "reference" and is_first]
        return pictures + sum(latent_frames(min(clip.frames, canvas_frames)) for clip in (*held, *references))
