"""Targets for tests."""

from domain.secret import Secret
from domain.targets import AccessId, AccessSecret, BucketName, EndpointUrl, Region, S3Target, UploadUrl

ACCESS_ID = "AKIACANARYCANARY"  # pragma: allowlist secret
ACCESS_SECRET = "canary/secret+canary"  # pragma: allowlist secret


def upload_url(url: str) -> UploadUrl:
    return UploadUrl(Secret(url))


def s3_target(
    endpoint: str,
    bucket: str = "clips",
    *,
    access_id: str = ACCESS_ID,
    access_secret: str = ACCESS_SECRET,
    region: str | None = None,
) -> S3Target:
    return S3Target(
        access_id=AccessId(Secret(access_id)),
        access_secret=AccessSecret(Secret(access_secret)),
        bucket=BucketName(bucket),
        endpoint=EndpointUrl(Secret(endpoint)),
        region=None if region is None else Region(region),
    )
