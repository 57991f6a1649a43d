"""A process that stores one file and prints how far that raised its peak of resident memory, in bytes.

`python -m tests.soak.peak_memory FILE` with STORE holding the store's kind and configuration as JSON.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from adapters.object_store.config import AzureConfig, GcsConfig, LocalConfig, S3Config, SupabaseConfig
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders, ObjectStore
from domain.secret import Secret
from tests.soak.large_files import LARGE_KEY
from tests.support.resident_peak import peak


def main() -> None:
    source = Path(sys.argv[1])
    fields: dict[str, str] = json.loads(os.environ["STORE"])
    store = _STORES[fields.pop("kind")](fields)
    headers = ObjectHeaders(content_type="video/mp4")
    small = source.with_name("small")
    small.write_bytes(bytes(1 << 20))
    store.put(small, "small.mp4", headers, JobControl())  # what code and connections take is there after this
    before = peak()
    store.put(source, LARGE_KEY, headers, JobControl())
    json.dump(peak() - before, sys.stdout)


def _local(fields: dict[str, str]) -> ObjectStore:
    from adapters.object_store.local import LocalStore  # noqa: PLC0415 - a process holds one store's code

    return LocalStore(LocalConfig(root=Path(fields["root"])))


def _supabase(fields: dict[str, str]) -> ObjectStore:
    from adapters.object_store.supabase import SupabaseStore  # noqa: PLC0415 - as above

    return SupabaseStore(SupabaseConfig(url=fields["url"], key=Secret(fields["key"]), bucket=fields["bucket"]))


def _s3(fields: dict[str, str]) -> ObjectStore:
    from adapters.object_store.s3 import s3_store  # noqa: PLC0415 - as above

    key_id, secret = Secret(fields["key_id"]), Secret(fields["secret"])
    return s3_store(
        S3Config(
            bucket=fields["bucket"], access_key_id=key_id, secret_access_key=secret, endpoint_url=fields["endpoint"]
        )
    )


def _gcs(fields: dict[str, str]) -> ObjectStore:
    from adapters.object_store.gcs import gcs_store  # noqa: PLC0415 - as above

    key = Secret(fields["key"])
    return gcs_store(GcsConfig(bucket=fields["bucket"], service_account_key=key, endpoint_url=fields["endpoint"]))


def _azure(fields: dict[str, str]) -> ObjectStore:
    from adapters.object_store.azure import azure_store  # noqa: PLC0415 - as above

    return azure_store(
        AzureConfig(
            account=fields["account"],
            key=Secret(fields["key"]),
            container=fields["container"],
            endpoint_url=fields["endpoint"],
        )
    )


_STORES: dict[str, Callable[[dict[str, str]], ObjectStore]] = {
    "local": _local,
    "supabase": _supabase,
    "s3": _s3,
    "gcs": _gcs,
    "azure": _azure,
}


if __name__ == "__main__":
    main()
