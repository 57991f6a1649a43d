"""Endpoints as callers write them."""

import pytest

from adapters.object_store.s3_address import BucketAddress

KEY = "ltx2/a b.mp4"


@pytest.mark.parametrize(
    ("endpoint", "bucket", "url"),
    [
        ("https://s3.eu-west-1.amazonaws.com", "clips", "https://s3.eu-west-1.amazonaws.com/clips"),
        ("https://S3.eu-west-1.amazonaws.com:443/", "clips", "https://s3.eu-west-1.amazonaws.com/clips"),
        ("https://s3.eu-west-1.amazonaws.com.", "clips", "https://s3.eu-west-1.amazonaws.com/clips"),
        ("http://127.0.0.1:9000", "clips", "http://127.0.0.1:9000/clips"),
        ("http://127.0.0.1:80", "clips", "http://127.0.0.1/clips"),
        ("https://[2001:470::1]:8443", "clips", "https://[2001:470::1]:8443/clips"),
        # the bucket stands there already
        ("https://clips.s3.eu-west-1.amazonaws.com", "clips", "https://clips.s3.eu-west-1.amazonaws.com"),
        ("https://my.clips.s3-eu-west-1.amazonaws.com/", "my.clips", "https://my.clips.s3-eu-west-1.amazonaws.com"),
        ("https://clips.nyc3.digitaloceanspaces.com", "clips", "https://clips.nyc3.digitaloceanspaces.com"),
        ("https://clips.acc.r2.cloudflarestorage.com", "clips", "https://clips.acc.r2.cloudflarestorage.com"),
        ("https://clips.storage.googleapis.com", "clips", "https://clips.storage.googleapis.com"),
        ("https://minio.example.com/clips/", "clips", "https://minio.example.com/clips"),
        ("https://x.supabase.co/storage/v1/s3/clips", "clips", "https://x.supabase.co/storage/v1/s3/clips"),
        # something else stands there
        ("https://x.supabase.co/storage/v1/s3", "clips", "https://x.supabase.co/storage/v1/s3/clips"),
        ("https://videos.example.com", "videos", "https://videos.example.com/videos"),
        ("https://s3.eu-west-1.amazonaws.com", "s3", "https://s3.eu-west-1.amazonaws.com/s3"),
        ("https://minio.example.com/clipsy", "clips", "https://minio.example.com/clipsy/clips"),
        ("https://other.s3.amazonaws.com", "clips", "https://other.s3.amazonaws.com/clips"),
    ],
)
def test_the_bucket_is_put_behind_the_endpoint_unless_it_is_there(endpoint: str, bucket: str, url: str) -> None:
    address = BucketAddress.of(endpoint, bucket)
    assert address.base == url
    assert address.url(KEY) == f"{url}/ltx2/a%20b.mp4"
    assert url not in repr(address)


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("s3.amazonaws.com", "us-east-1"),
        ("s3.eu-west-1.amazonaws.com", "eu-west-1"),
        ("s3-us-west-2.amazonaws.com", "us-west-2"),
        ("s3.dualstack.ap-southeast-2.amazonaws.com", "ap-southeast-2"),
        ("clips.s3.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("s3.us-west-004.backblazeb2.com", "us-west-004"),
        ("s3.eu-central-1.wasabisys.com", "eu-central-1"),
        ("nyc3.digitaloceanspaces.com", "nyc3"),
        ("clips.fra1.digitaloceanspaces.com", "fra1"),
        ("0123456789abcdef.r2.cloudflarestorage.com", "auto"),
        ("s3api-eu-ro-1.runpod.io", "EU-RO-1"),
        ("s3api-eur-is-1.runpod.io", "EUR-IS-1"),
        ("minio.example.com", "us-east-1"),
        ("my-own-1x.example.com", "us-east-1"),
        ("127.0.0.1", "us-east-1"),
    ],
)
def test_the_region_is_told_from_the_host(host: str, region: str) -> None:
    assert BucketAddress.of(f"https://{host}", "clips").region == region


def test_a_region_that_is_given_counts() -> None:
    assert BucketAddress.of("https://s3.eu-west-1.amazonaws.com", "clips", "fr-par").region == "fr-par"
