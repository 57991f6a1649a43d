"""The reply to what a worker can be asked for."""

from typing import Final

from adapters.wire.modes import MODES
from domain.batch import MAX_BATCH
from domain.lora import MAX_LORAS
from domain.media import OUTPUT_FORMATS
from domain.offers import LISTED_RATE, LISTED_SHAPE, Offer, Offers
from domain.output import MAX_OUTPUTS
from domain.recipes import fewest_steps
from domain.sampling import MAX_STEPS
from domain.sizing import ASPECT_RATIOS, RESOLUTIONS
from domain.version import WORKER_VERSION

CAPABILITIES: Final = "capabilities"
"""The mode that tells what can be asked for."""


def encode_offers(offers: Offers) -> dict[str, object]:
    """The reply of mode `capabilities`, as plain JSON values."""
    profile, limits = offers.profile, offers.limits
    checkpoint, least = profile.checkpoint, fewest_steps(profile.checkpoint)
    longest = {
        str(preset): {"fps": LISTED_RATE.number, "aspect_ratio": LISTED_SHAPE, "num_frames": dict(frames)}
        for preset, frames in offers.longest.items()
    }
    return {
        "ok": True,
        "mode": CAPABILITIES,
        "model": {
            "name": profile.name,
            "revision": profile.revision,
            "family": checkpoint.family.name,
            "kind": "distilled" if checkpoint.is_distilled else "dev",
        },
        "device": profile.device,
        "parts": {
            "latent_upsampler": checkpoint.has_upsampler,
            "temporal_upsampler": checkpoint.has_temporal_upsampler,
            "distilled_lora": checkpoint.distilled_lora_bytes is not None,
            "duration_head": checkpoint.has_duration_head,
            "prompt_enhancer": checkpoint.can_enhance,
            "perturbed_attention": checkpoint.has_perturbed_attention,
        },
        "modes": [{**_row(offer), "fields": list(MODES[offer.name].field_names)} for offer in offers.of_kind("mode")],
        "presets": [{**_row(offer), "longest": longest.get(offer.name)} for offer in offers.of_kind("preset")],
        "fields": [_row(offer) for offer in offers.of_kind("field")],
        "steps": None if least is None else {"min": least, "max": MAX_STEPS},
        "max_loras": MAX_LORAS,
        "max_outputs": MAX_OUTPUTS,
        "max_batch": MAX_BATCH,
        "resolutions": list(RESOLUTIONS),
        "aspect_ratios": list(ASPECT_RATIOS),
        "output_formats": list(OUTPUT_FORMATS),
        "limits": {"num_frames": limits.num_frames, "pixels": limits.pixels, "seconds": limits.seconds},
        "worker_version": WORKER_VERSION,
    }


def _row(offer: Offer) -> dict[str, object]:
    return {"name": offer.name, "available": not offer.lacks, "lacks": list(offer.lacks)}
