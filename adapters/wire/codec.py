"""The wire's functions as one object, which the container hands to the entrypoints and the use cases."""

from collections.abc import Callable, Collection, Mapping

import attrs

from adapters.wire.batches import decode_job
from adapters.wire.failures import encode_failure, encode_internal
from adapters.wire.offers import encode_offers
from adapters.wire.records import decode_record, encode_record
from adapters.wire.requests import decode_path
from adapters.wire.results import encode_found, encode_result
from domain.batch import Batch
from domain.errors import WorkerError
from domain.naming import ObjectPath
from domain.offers import Offers
from domain.record import JobRecord
from domain.requests import GenerationRequest
from domain.results import FoundObject, GenerationResult


@attrs.frozen
class Wire:
    """JSON to requests, results and errors to JSON, records both ways. Stateless.

    `redact` takes out of a reply's words what callers must not read.
    """

    redact: Callable[[str], str] = str

    def decode_job(self, raw: object, other_modes: Collection[str] = ()) -> GenerationRequest | Batch:
        """See `batches.decode_job`. Raises InvalidInput."""
        return decode_job(raw, other_modes)

    def decode_path(self, fields: Mapping[str, object]) -> ObjectPath:
        """See `requests.decode_path`. Raises InvalidInput."""
        return decode_path(fields)

    def encode_found(self, found: FoundObject) -> dict[str, object]:
        """See `results.encode_found`."""
        return encode_found(found)

    def encode_offers(self, offers: Offers) -> dict[str, object]:
        """See `offers.encode_offers`."""
        return encode_offers(offers)

    def encode_result(self, result: GenerationResult) -> dict[str, object]:
        """See `results.encode_result`."""
        return encode_result(result, self.redact)

    def encode_failure(self, error: WorkerError, error_id: str) -> dict[str, object]:
        """See `failures.encode_failure`."""
        return encode_failure(error, error_id, self.redact)

    def encode_internal(self, error_id: str) -> dict[str, object]:
        """See `failures.encode_internal`."""
        return encode_internal(error_id)

    def encode_record(self, record: JobRecord) -> bytes:
        """See `records.encode_record`."""
        return encode_record(record)

    def decode_record(self, content: bytes) -> JobRecord:
        """See `records.decode_record`. Raises InvalidValue."""
        return decode_record(content)
