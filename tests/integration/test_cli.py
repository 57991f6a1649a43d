"""The command line on the synthetic model: one JSON reply on standard output, everything else beside it."""

import base64
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.pictures import encoded, two_halves

ROOT = Path(__file__).resolve().parents[2]


class Done:
    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def reply(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.out)
        return value


def environment_of(folder: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "MODEL_BACKEND": "synthetic",
        "STORAGE_BACKEND": "local",
    }


def cli(folder: Path, *arguments: str, stdin: str = "", **environment: str) -> Done:
    command = [sys.executable, "-m", "entrypoints.cli", *arguments]
    return Done(
        subprocess.run(
            command,
            cwd=folder,
            env=environment_of(folder) | environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
    )


FLAGS = ("--prompt", "a dog", "--size", "100x64", "--num-frames", "5", "--seed", "7", "--fps", "12.5")


def test_a_clip_from_flags(tmp_path: Path) -> None:
    done = cli(tmp_path, "generate", *FLAGS)
    assert done.code == 0
    reply = done.reply
    assert reply["ok"] is True
    assert [reply["meta"][key] for key in ("width", "height", "num_frames", "seed", "fps")] == [100, 64, 5, 7, 12.5]
    clip = tmp_path / "outputs" / reply["storage"]["path"]
    assert clip.stat().st_size == reply["storage"]["bytes"]
    assert f"Clip: outputs/{reply['storage']['path']}" in done.err
    (line,) = [json.loads(line) for line in done.err.splitlines() if line.startswith("{")]
    assert line["event"] == "job.succeeded"


def test_a_clip_from_a_file_and_from_standard_input_with_flags_that_win(tmp_path: Path) -> None:
    job = json.dumps({"input": {"prompt": "a", "width": 64, "height": 64, "num_frames": 1, "seed": 1}})
    (tmp_path / "job.json").write_text(job, encoding="utf-8")
    from_file = cli(tmp_path, "generate", "--input", "job.json").reply
    from_stdin = cli(tmp_path, "generate", "--input", "-", "--num-frames", "2", stdin=job).reply
    assert (from_file["meta"]["num_frames"], from_stdin["meta"]["num_frames"]) == (1, 2)


def test_a_picture_file_makes_it_i2v(tmp_path: Path) -> None:
    (tmp_path / "first.png").write_bytes(encoded(two_halves()))
    with_picture = cli(tmp_path, "generate", *FLAGS, "--image", "first.png").reply
    without = cli(tmp_path, "generate", *FLAGS).reply
    assert with_picture["mode"] == "i2v"
    assert with_picture["storage"]["sha256"] != without["storage"]["sha256"]


def test_a_clip_that_lies_there_gets_a_fresh_url(tmp_path: Path) -> None:
    made = cli(tmp_path, "generate", *FLAGS).reply["storage"]
    job = json.dumps({"input": {"mode": "sign", "path": made["path"]}})
    signed = cli(tmp_path, "generate", "--input", "-", stdin=job)
    assert (signed.code, signed.reply["mode"]) == (0, "sign")
    assert signed.reply["storage"] == made
    unset = cli(tmp_path, "generate", "--input", "-", stdin=job, STORAGE_BACKEND="tape")
    assert [fault["path"] for fault in unset.reply["details"]] == ["STORAGE_BACKEND"]


def test_a_failed_job_is_a_reply_and_one(tmp_path: Path) -> None:
    done = cli(tmp_path, "generate", "--size", "100x63")
    assert done.code == 1
    assert done.reply["code"] == "invalid_input"
    assert [fault["path"] for fault in done.reply["details"]] == ["prompt", "height"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("generate", "--size", "big"), "--size must be WIDTHxHEIGHT"),
        (("generate", "--input", "missing.json"), "missing.json"),
        (("generate", "--input", "-"), "is no JSON"),
        (("generate", "--image", "missing.png"), "missing.png cannot be read"),
        (("generate", "--num-frames", "x"), "--num-frames"),
        (("generate", "--bogus"), "--bogus"),
        (("nonsense",), "nonsense"),
    ],
)
def test_a_command_that_cannot_be_understood_is_two_and_no_reply(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = cli(tmp_path, *arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_wrong_settings_are_named_all_at_once_in_the_reply(tmp_path: Path) -> None:
    done = cli(tmp_path, "generate", *FLAGS, STORAGE_BACKEND="tape", MAX_SECONDS="soon")
    assert done.code == 1
    assert [fault["path"] for fault in done.reply["details"]] == ["STORAGE_BACKEND", "MAX_SECONDS"]
    assert "STORAGE_BACKEND" in done.reply["error"]
    assert "MAX_SECONDS" in done.reply["error"]


def test_the_env_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOCAL_STORE_DIR=from-file\nMAX_NUM_FRAMES=3\n", encoding="utf-8")
    assert cli(tmp_path, "generate", *FLAGS).reply["code"] == "over_limit"
    assert cli(tmp_path, "generate", *FLAGS, MAX_NUM_FRAMES="10").code == 0
    assert (tmp_path / "from-file").is_dir()


def test_length_and_size_in_other_words(tmp_path: Path) -> None:
    done = cli(tmp_path, "generate", "--prompt", "a", "--seconds", "0.2", "--fps", "29.97", "--aspect-ratio", "9:16")
    assert [done.reply["meta"][key] for key in ("width", "height", "num_frames")] == [384, 682, 6]
    named = cli(tmp_path, "generate", "--prompt", "a", "--seconds", "0.1", "--resolution", "480p").reply
    assert [named["meta"][key] for key in ("width", "height", "num_frames")] == [854, 480, 2]
    both = cli(tmp_path, "generate", *FLAGS, "--resolution", "480p", "--seconds", "1")
    assert [fault["path"] for fault in both.reply["details"]] == ["seconds", "resolution"]


def test_capabilities_for_a_person_and_for_a_program(tmp_path: Path) -> None:
    told = cli(tmp_path, "capabilities")
    assert told.code == 0
    assert told.out.startswith("synthetic, revision 1, ltx-2 dev, on cpu\n")
    assert "  enhance_prompt    needs a loaded prompt enhancer\n" in told.out
    listed = cli(tmp_path, "capabilities", "--json", MAX_NUM_FRAMES="100")
    assert listed.code == 0
    assert listed.reply["mode"] == "capabilities"
    assert listed.reply["limits"]["num_frames"] == 100
    asked = cli(tmp_path, "generate", "--input", "-", stdin='{"input": {"mode": "capabilities"}}', MAX_NUM_FRAMES="100")
    assert asked.reply == listed.reply


def test_capabilities_that_cannot_be_told(tmp_path: Path) -> None:
    absent = {"MODEL_BACKEND": "diffusers", "MODEL_PATH": str(tmp_path / "absent")}
    told = cli(tmp_path, "capabilities", **absent)
    assert (told.code, told.out[:15]) == (1, "FAILED  model  ")
    listed = cli(tmp_path, "capabilities", "--json", **absent)
    assert (listed.code, listed.reply["code"]) == (1, "model_unavailable")
    unset = cli(tmp_path, "capabilities", STORAGE_BACKEND="tape")
    assert (unset.code, unset.out.split()[:3]) == (1, ["FAILED", "settings", "STORAGE_BACKEND"])


def test_an_unknown_mode_is_answered_with_all_that_there_are(tmp_path: Path) -> None:
    (fault,) = cli(tmp_path, "generate", "--prompt", "a", "--mode", "sing").reply["details"]
    assert fault["path"] == "mode"
    assert all(f'"{mode}"' in fault["message"] for mode in ("t2v", "i2v", "capabilities", "sign"))


def test_doctor_says_what_is_well(tmp_path: Path) -> None:
    done = cli(tmp_path, "doctor")
    assert done.code == 0
    names = [line.split()[:2] for line in done.out.splitlines()]
    assert names == [["ok", name] for name in ("settings", "disk", "encoder", "decoder", "snapshot", "store")]


def test_doctor_says_what_is_wrong_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = cli(tmp_path, "doctor", LOCAL_STORE_DIR=str(tmp_path / "file"))
    assert done.code == 1
    assert done.out.splitlines()[-1].startswith("FAILED  store")
    assert len(done.out.splitlines()) == 6


def test_doctor_names_every_wrong_setting(tmp_path: Path) -> None:
    done = cli(tmp_path, "doctor", STORAGE_BACKEND="supabase", LOG_LEVEL="loud")
    assert done.code == 1
    lines = done.out.splitlines()
    assert all(line.startswith("FAILED  settings  ") for line in lines)
    assert {line.split()[2] for line in lines} >= {"SUPABASE_URL", "LOG_LEVEL"}


def test_the_reply_to_a_picture_does_not_show_the_picture(tmp_path: Path) -> None:
    picture = base64.b64encode(b"no picture at all" * 100).decode()
    done = cli(
        tmp_path,
        "generate",
        "--input",
        "-",
        stdin=json.dumps({"input": {"mode": "i2v", "prompt": "a", "image_base64": picture}}),
    )
    assert done.reply["code"] == "input_unreadable"
    assert picture[:40] not in done.out + done.err


def test_control_c_ends_the_job_with_a_reply(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "entrypoints.cli",
            "generate",
            "--prompt",
            "a",
            "--size",
            "1920x1088",
            "--num-frames",
            "480",
        ],
        cwd=tmp_path,
        env=environment_of(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for _ in range(600):
        if list(tmp_path.glob("ltx2-job-*")):
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert json.loads(out)["code"] == "cancelled"
    assert list(tmp_path.glob("ltx2-job-*")) == []
    assert not (tmp_path / "outputs" / "ltx2").exists()
