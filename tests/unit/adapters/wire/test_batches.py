"""Decoding of jobs of several clips."""

from typing import Any

import pytest

from adapters.wire.batches import decode_job
from domain.batch import Batch
from domain.errors import InvalidInput
from domain.naming import IdempotencyKey
from domain.output import OutputCount
from domain.requests import GenerationRequest, ImageToVideo, TextToVideo

GOOD = {"prompt": "a lake"}
TARGET = {"accessId": "a", "accessSecret": "b", "bucketName": "clips", "endpointUrl": "https://s3.example.com"}
UPLOAD = "https://s3.example.com/a.mp4?X-Amz-Signature=1"


def decoded(*items: Any, **beside: Any) -> Batch:
    batch = decode_job({"batch": list(items), **beside}, ("doctor", "sign"))
    assert isinstance(batch, Batch)
    return batch


def requests_in(batch: Batch) -> list[GenerationRequest]:
    assert all(isinstance(item, GenerationRequest) for item in batch.items)
    return [item for item in batch.items if isinstance(item, GenerationRequest)]


def faults_of(item: object) -> list[str]:
    assert isinstance(item, InvalidInput)
    return [str(fault) for fault in item.faults]


def refused(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        decode_job(raw)
    return [str(fault) for fault in caught.value.faults]


def test_a_request_alone_is_no_batch() -> None:
    assert isinstance(decode_job(GOOD), TextToVideo)
    takes = decode_job({**GOOD, "num_outputs": 8})
    assert isinstance(takes, TextToVideo)
    assert takes.num_outputs == OutputCount(8)


@pytest.mark.parametrize("value", [None, "2", 2.0, True])
def test_the_number_of_takes_is_an_integer(value: object) -> None:
    (fault,) = refused({**GOOD, "num_outputs": value})
    assert fault.startswith("num_outputs must be an integer, got ")


def test_an_upload_url_takes_one_file() -> None:
    assert refused({**GOOD, "num_outputs": 2, "upload_url": UPLOAD}) == [
        "num_outputs must be 1 with upload_url: the URL takes one file (s3Config takes all of them)"
    ]
    assert isinstance(decode_job({**GOOD, "num_outputs": 1, "upload_url": UPLOAD}), TextToVideo)


def test_items_are_numbered_by_their_places_and_keep_their_own_names() -> None:
    batch = decoded(GOOD, {**GOOD, "file_name": "lake.mp4"}, {**GOOD, "output_format": "gif"})
    assert [request.file_name.name for request in requests_in(batch)] == ["video-1.mp4", "lake-2.mp4", "video-3.gif"]


def test_faults_and_pictures_are_told_by_their_place_and_leave_the_other_items_alone() -> None:
    picture = {**GOOD, "mode": "i2v", "image_url": "https://example.com/a.png"}
    batch = decoded(GOOD, {"width": 511}, picture, 3)
    assert isinstance(batch.items[0], TextToVideo)
    assert faults_of(batch.items[1])[0] == "batch[1].prompt is required"
    assert isinstance(batch.items[2], ImageToVideo)
    assert batch.items[2].image.path == "batch[2].image_url"
    assert faults_of(batch.items[3]) == ["batch[3] must be an object, got 3"]


def test_the_jobs_own_fields_stand_beside_the_batch() -> None:
    own = {**TARGET, "bucketName": "other"}
    batch = decoded(
        GOOD, {**GOOD, "s3Config": own}, {**GOOD, "upload_url": UPLOAD},
        idempotency_key="order-7", s3Config=TARGET, webhook_url="https://example.com/hook",
    )  # fmt: skip
    assert batch.webhook_url is not None
    first, second, third = requests_in(batch)
    assert [request.idempotency_key for request in (first, second, third)] == [IdempotencyKey("order-7")] * 3
    assert first.s3Config is not None
    assert second.s3Config is not None
    assert (first.s3Config.bucket.name, second.s3Config.bucket.name) == ("clips", "other")
    assert (third.s3Config, third.target) == (None, third.upload_url)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("idempotency_key", "a", "belongs beside batch: it is the whole job's"),
        ("webhook_url", "https://example.com/", "belongs beside batch: one event tells of all items"),
        (
            "num_outputs",
            2,
            "is no field of a batch's item: put the request in once for each take, with a seed of its own",
        ),
        ("batch", [GOOD], "is no field of a batch's item"),
    ],
)
def test_what_is_the_jobs_does_not_stand_in_an_item(field: str, value: object, message: str) -> None:
    batch = decoded({**GOOD, field: value}, {field: value}, GOOD)
    assert faults_of(batch.items[0]) == [f"batch[0].{field} {message}"]
    assert faults_of(batch.items[1]) == ["batch[1].prompt is required", f"batch[1].{field} {message}"]
    assert isinstance(batch.items[2], TextToVideo)


@pytest.mark.parametrize("field", ["idempotency_key", "webhook_url", "upload_url", "s3Config"])
def test_null_is_left_out_in_an_item_as_elsewhere(field: str) -> None:
    assert requests_in(decoded({**GOOD, field: None})) == requests_in(decoded(GOOD))


def test_an_operation_is_no_item() -> None:
    (item,) = decoded({"mode": "doctor"}).items
    assert faults_of(item) == ['batch[0].mode must be one that makes a clip, got "doctor": send it as a job of its own']


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (None, "batch must be a list of requests, got null"),
        (GOOD, "batch must be a list of requests, got an object"),
        ([], "batch must have 1 to 16 requests, got 0"),
        ([GOOD] * 17, "batch must have 1 to 16 requests, got 17"),
    ],
)
def test_a_batch_is_a_list_of_one_to_sixteen(batch: object, message: str) -> None:
    assert refused({"batch": batch}) == [message]
    assert len(decoded(*[GOOD] * 16).items) == 16


def test_what_stands_beside_a_batch_is_told_at_once() -> None:
    beside = "must not stand beside batch, but in its items; beside it may stand idempotency_key, s3Config, webhook_url"
    assert refused({"prompt": "a", "batch": 3, "seed": None, "idempotency_key": "/"}) == [
        f"prompt {beside}",
        f"seed {beside}",
        "idempotency_key must be 1 to 128 letters, digits, '.', '_' or '-'",
        "batch must be a list of requests, got 3",
    ]
    many = refused({"batch": [GOOD], **{f"f{number}": 1 for number in range(30)}})
    assert (len(many), many[-1]) == (21, "input has 10 more fields beside batch")
