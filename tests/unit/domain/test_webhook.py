"""Names of events, and a URL that nobody sees."""

import pytest

from domain.errors import InvalidValue
from domain.secret import Secret
from domain.webhook import Event, WebhookUrl, event_id

URL = "https://hooks.example.com/T0/topsecret?token=alsosecret"


@pytest.mark.parametrize("event", ["video.completed", "video.failed"])
@pytest.mark.parametrize("job_id", ["abc-123", "job.1", "sync-ü/4.5", "", "a.b/c", "x" * 500, "\ud83d"])
def test_an_events_name_is_ascii_without_the_separator(job_id: str, event: Event) -> None:
    name = event_id(job_id, event)
    assert name.isascii()
    assert "." not in name
    assert name == event_id(job_id, event)
    assert len(name) < 200


def test_names_differ_by_job_and_event() -> None:
    names = {event_id(job_id, event) for job_id in ("a", "b", "a b", "a-b") for event in EVENTS}
    assert len(names) == 8
    assert event_id("abc-123", "video.completed") == "abc-123_video-completed"


EVENTS: tuple[Event, ...] = ("video.completed", "video.failed")


def test_a_url_is_seen_by_nobody() -> None:
    url = WebhookUrl(Secret(URL))
    assert "secret" not in repr(url).lower().replace("secret(********)", "")
    assert url.hidden == (URL, "token=alsosecret")


@pytest.mark.parametrize("text", ["", "x" * 2049, "https://exämple.com/", "https://a.b/ c", "https://a.b/\n"])
def test_what_is_no_url_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        WebhookUrl(Secret(text))
    assert caught.value.message.startswith(("must have 1 to 2048 characters", "must be a URL of printable ASCII"))


def test_2048_characters_are_taken() -> None:
    assert WebhookUrl(Secret("x" * 2048)).url.reveal() == "x" * 2048


def test_jobs_that_differ_in_a_dot_alone_have_events_of_their_own() -> None:
    assert event_id("a.b", "video.completed") != event_id("a-b", "video.completed")
    assert event_id("a.b", "video.completed") == event_id("a.b", "video.completed")
    assert event_id("a-b", "video.completed") == "a-b_video-completed"
