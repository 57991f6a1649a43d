"""Runs a random sequence of jobs in one process, and each of them alone in another; prints both outcomes as JSON.

    python -m tests.support.isolation sequence|one SEED FOLDER MODEL_NAME HUB_CACHE

A process that has imported everything and done nothing is forked for each comparison: a fork costs 0.3 s, an
interpreter that imports torch and diffusers eight. "one" runs a single job of the sequence, in this very process.
"""

import base64
import functools
import io
import json
import os
import random
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import peft  # noqa: F401 - imported before the forks
import torch
from diffusers import LTX2ConditionPipeline, LTX2ImageToVideoPipeline, LTX2Pipeline  # noqa: F401 - as above
from diffusers.models.autoencoders import autoencoder_kl_ltx2, autoencoder_kl_ltx2_audio  # noqa: F401 - as above
from PIL import Image
from transformers import Gemma3ForConditionalGeneration, Gemma3Processor, GemmaTokenizer  # noqa: F401 - as above

import adapters.encoder.pyav
import adapters.video_model.diffusers.video_model
import adapters.video_model.tiny.checkpoint  # noqa: F401 - as above
from application.job import Job
from application.job_control import JobControl, StageProgress
from container import open_container
from entrypoints.guard import Guard
from tests.support.lora_files import tensors_for, written

Spec = dict[str, Any]
"""A job: its input, and what happens to it."""

JOBS = 20
PRESETS = ("official", "fast", "standard", "quality")
LORAS = ("ink.safetensors", "oil.safetensors")
STEPS = 2


def specs(seed: int, *, distilled: bool) -> list[Spec]:
    """Jobs of all kinds in a random order; the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    return [spec(draw, distilled=distilled) for _ in range(JOBS)]


def spec(draw: random.Random, *, distilled: bool) -> Spec:
    width, height = draw.choice([(64, 64), (100, 64), (128, 96), (96, 160)])
    fields: Spec = {
        "prompt": draw.choice(["a dog", "a lighthouse in a storm", "a cat"]),
        "negative_prompt": draw.choice([None, "blurry"]),
        "seed": draw.randrange(3),
        "num_frames": draw.choice([1, 9, 12, 17]),
        "fps": draw.choice([24, 23.976, 30]),
        "width": width,
        "height": height,
        "low_vram": draw.random() < 0.3,
    }
    if not distilled:
        fields["steps"] = STEPS
    elif draw.random() < 0.2:
        fields["num_frames"] = None
    if draw.random() < 0.6:
        fields["preset"] = draw.choice(PRESETS)
    if draw.random() < 0.4:
        number = draw.randrange(2)
        fields |= keyframes(number) if fields["seed"] == 0 else {"mode": "i2v", "image_base64": picture(number)}
    if draw.random() < 0.35:
        chosen = draw.sample(LORAS, draw.choice([1, 2]))
        fields["loras"] = [{"source": name, "scale": draw.choice([0.5, 1.0, -1.0])} for name in chosen]
    if draw.random() < 0.15:
        fields["enhance_prompt"] = True
    return {"input": fields, "fate": draw.choices(FATES, weights=[6, 1, 1, 1, 1])[0]}


def keyframes(number: int) -> Spec:
    """The last frame, in whatever clip."""
    return {"mode": "keyframes", "keyframes": [{"image_base64": picture(number), "frame": -1, "strength": 0.9}]}


FATES = ["finished", "cancelled", "cancelled late", "memory runs out", "broken lora"]


def picture(number: int) -> str:
    image = Image.new("RGB", (80, 48), [(255, 0, 0), (0, 90, 255)][number])
    image.paste((20, 200, 20), (0, 0, 40, 24))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def outcomes(jobs: list[Spec], environ: Mapping[str, str]) -> list[str]:
    """SHA-256 of each job's file, or its error's code, from one worker that runs them all."""
    container = open_container(environ)
    guard = Guard(container.codec(), container.generate_video())
    model = container.model()
    return [outcome(guard, model, number, job) for number, job in enumerate(jobs)]


def outcome(guard: Guard, model: Any, number: int, job: Spec) -> str:
    fields = dict(job["input"])
    if job["fate"] == "broken lora":
        fields["loras"] = [*fields.get("loras", []), {"source": "broken.safetensors"}]
    seen: list[StageProgress] = []
    stop_at = {"cancelled": "generate", "cancelled late": "encode"}.get(job["fate"])

    def is_cancelled() -> bool:
        return any(event.stage == stop_at and event.done > 0 for event in seen)

    undo = memory_runs_out(model) if job["fate"] == "memory runs out" else None
    try:
        reply = guard(fields, Job(id=f"job-{number}"), JobControl(is_cancelled=is_cancelled, report=seen.append))
    finally:
        if undo is not None:
            undo()
    return str(reply["storage"]["sha256"]) if reply["ok"] else str(reply["code"])


def memory_runs_out(model: Any) -> Callable[[], None]:
    """The next second forward of the transformer finds no memory, once: the job goes on in a leaner way."""
    transformer = model._ready().components.by_name["transformer"]
    left = iter([None, torch.OutOfMemoryError("CUDA out of memory")])

    def fail(*_: object) -> None:
        error = next(left, None)
        if error is not None:
            raise error

    undo: Callable[[], None] = transformer.register_forward_pre_hook(fail).remove
    return undo


def forked(run: Callable[[], list[str]]) -> list[str]:
    """What `run` gives in a copy of this process."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            with os.fdopen(writer, "w") as pipe:
                json.dump(run(), pipe)
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    if status:
        message = f"a job's process ended with {status}"
        raise RuntimeError(message)
    result: list[str] = json.loads(told)
    return result


def make_loras(environ: Mapping[str, str]) -> list[str]:
    """Two adapters for the checkpoint's own layers, and one that is damaged. Builds the checkpoint on the way."""
    container = open_container(environ)
    transformer = container.model()._ready().components.by_name["transformer"]  # type: ignore[attr-defined]  # the diffusers model
    sizes = {
        name: (module.in_features, module.out_features)
        for name, module in transformer.named_modules()
        if isinstance(module, torch.nn.Linear)
    }
    folder = Path(environ["LORA_DIR"])
    for seed, name in enumerate(LORAS):
        written(folder / name, tensors_for(sizes, "transformer", seed=seed + 1))
    (folder / "broken.safetensors").write_bytes(b"not a safetensors file")
    return []


def main(what: str, seed: int, folder: Path, model_name: str, hub_cache: str) -> None:
    environ = {
        "MODEL_NAME": model_name,
        "HF_HUB_CACHE": hub_cache,
        "DEVICE": "cpu",
        "DTYPE": "float32",
        "STORAGE_BACKEND": "local",
        "LOCAL_STORE_DIR": str(folder / "clips"),
        "LORA_DIR": str(folder / "loras"),
        "PROMPT_ENHANCER": "true",
        "LOG_LEVEL": "error",
    }
    jobs = specs(seed, distilled=model_name.endswith("2.5"))
    if not (folder / "loras").is_dir():
        forked(lambda: make_loras(environ))
    if what == "one":
        chosen = seed % len(jobs)
        answer: dict[str, Any] = {"chosen": chosen, "outcome": outcomes([jobs[chosen]], environ)[0]}
    else:
        alone = [forked(functools.partial(outcomes, [job], environ))[0] for job in jobs]
        answer = {"jobs": jobs, "alone": alone, "together": forked(lambda: outcomes(jobs, environ))}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], sys.argv[5])
