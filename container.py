"""The only wiring: which adapter stands behind which port, decided by the settings.

Nothing happens on import: a builder imports its adapter when it is called, and with it torch, PyAV, a store's client.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from dependency_injector import containers, providers

from adapters.disk import check_disk
from adapters.encoder.config import EncoderConfig
from adapters.http.config import HttpConfig
from adapters.notifier.config import WebhookConfig
from adapters.object_store.config import AzureConfig, GcsConfig, LocalConfig, S3Config, SupabaseConfig
from adapters.object_store.obstore_package import require_obstore
from adapters.object_store.outbox import OutboxStore
from adapters.object_store.outbox_folder import OutboxFolder
from adapters.sandbox.sandbox import Sandbox
from adapters.settings.description import describe
from adapters.settings.environment import read_settings, secrets_in
from adapters.settings.places import inside_hosts, named_folders
from adapters.settings.schema import Settings
from adapters.telemetry.logging import configure_logging
from adapters.telemetry.redaction import Redactor
from adapters.video_model.building import build_diffusers_model
from adapters.video_model.checks import model_checks
from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.weight_reading import WeightReading
from adapters.wire.codec import Wire
from application.diagnose import Check, Diagnose, encoder_check, store_check
from application.generate_once import GenerateOnce
from application.generate_video import GenerateVideo
from application.list_offers import ListOffers
from application.ports.encoder import Encoder
from application.ports.image_fetcher import ImageFetcher
from application.ports.interpolator import Interpolator
from application.ports.media_fetcher import MediaFetcher
from application.ports.notifier import Notifier
from application.ports.object_store import ObjectStore
from application.ports.target_store import TargetStore
from application.ports.video_model import VideoModel
from application.prepare import Prepare
from application.progress import Watcher
from application.sign_object import SignObject
from application.warm_up import WarmUp
from domain.errors import SettingsInvalid

# ruff: noqa: PLC0415 - builders import lazily, see above


def build_synthetic_model(config: ModelConfig) -> VideoModel:
    """A test card, without torch."""
    from adapters.video_model.synthetic import SyntheticModel

    return SyntheticModel(config)


def build_supabase_store(config: SupabaseConfig) -> ObjectStore:
    """Supabase Storage."""
    from adapters.object_store.supabase import SupabaseStore

    return SupabaseStore(config)


def build_s3_store(config: S3Config) -> ObjectStore:
    """S3, or what speaks it."""
    require_obstore()
    from adapters.object_store.s3 import s3_store

    return s3_store(config)


def build_gcs_store(config: GcsConfig) -> ObjectStore:
    """Google Cloud Storage."""
    require_obstore()
    from adapters.object_store.gcs import gcs_store

    return gcs_store(config)


def build_azure_store(config: AzureConfig) -> ObjectStore:
    """Azure Blob Storage."""
    require_obstore()
    from adapters.object_store.azure import azure_store

    return azure_store(config)


def build_local_store(config: LocalConfig) -> ObjectStore:
    """Files in a folder."""
    from adapters.object_store.local import LocalStore

    return LocalStore(config)


def build_outbox_store(store: ObjectStore, folder: Path | None) -> OutboxStore:
    """`store`, with an outbox for what it does not take."""
    return OutboxStore(store, None if folder is None else OutboxFolder(folder))


def build_picture_sandbox() -> Sandbox:
    """The process that decodes input pictures; it has not started yet."""
    from adapters.image_fetcher.config import ImageLimits
    from adapters.image_fetcher.decoders import picture_sandbox

    return picture_sandbox(ImageLimits())


def build_target_store(settings: Settings) -> TargetStore:
    """Clips to URLs and buckets that jobs bring along."""
    from adapters.http.sending import GuardedSender
    from adapters.object_store.target_store import SendingTargetStore

    sender = GuardedSender(config=settings.http, hosts=settings.upload_hosts)
    return SendingTargetStore(sender=sender, signed_url_seconds=settings.store.signed_url_seconds)


def build_image_fetcher(settings: Settings, sandbox: Sandbox, store: ObjectStore) -> ImageFetcher:
    """Input pictures from URLs, base64 and the store."""
    from adapters.http.client import GuardedClient
    from adapters.http.stored import stored_inputs
    from adapters.image_fetcher.decoders import SandboxedDecoder
    from adapters.image_fetcher.fetcher import PictureFetcher

    return PictureFetcher(
        client=GuardedClient(config=settings.http, hosts=settings.input_hosts),
        decoder=SandboxedDecoder(sandbox),
        stored=stored_inputs(store, settings.input_prefix, settings.store.prefix),
    )


def build_media_fetcher(settings: Settings, store: ObjectStore) -> MediaFetcher:
    """Input videos and sounds from URLs and the store; the process that decodes them starts with the first."""
    from adapters.http.stored import stored_inputs
    from adapters.media_fetcher.fetcher import confined_media_fetcher

    stored = stored_inputs(store, settings.input_prefix, settings.store.prefix)
    return confined_media_fetcher(settings.http, settings.input_hosts, stored)


def build_notifier(config: WebhookConfig, http: HttpConfig) -> Notifier:
    """Signed webhooks."""
    from adapters.notifier.standard_webhooks import standard_webhooks

    return standard_webhooks(config, http)


def build_interpolator() -> Interpolator:
    """More frames through PyAV."""
    from adapters.interpolator.pyav import PyAvInterpolator

    return PyAvInterpolator()


def build_encoder(config: EncoderConfig) -> Encoder:
    """H.264 and AAC through PyAV."""
    from adapters.encoder.pyav import PyAvEncoder

    return PyAvEncoder(config)


def build_progress() -> Callable[[str], Watcher]:
    """What RunPod's queue is told of the job with an id. Only for its worker: it imports the SDK."""
    from adapters.progress.runpod import RunPodProgress, sdk_line

    return RunPodProgress(line=sdk_line())


def build_redactor(settings: Settings, environ: Mapping[str, str]) -> Redactor:
    """What logs and replies must not show: secrets, hosts, and paths but for those below a named folder."""
    roots, hosts = named_folders(settings, environ), inside_hosts(settings, environ)
    return Redactor(secrets=settings.secrets + secrets_in(environ), roots=roots, hosts=hosts)


def build_checks(
    settings: Settings,
    model: VideoModel,
    store: ObjectStore,
    encoder: Encoder,
    sandbox: Sandbox,
    *,
    interpolator: Interpolator,
    work_root: Path | None,
) -> tuple[Check, ...]:
    """What `doctor` prints and the preflight demands. The decoder's process starts before anything touches the GPU."""
    return (
        Check(name="disk", examine=lambda: check_disk(work_root)),
        encoder_check(encoder, interpolator),
        Check(name="decoder", examine=sandbox.check),
        *(Check(name=name, examine=line) for name, line in model_checks(settings.model, model).items()),
        store_check(store),
    )


def open_container(environ: Mapping[str, str]) -> "Container":
    """The container that the environment asks for, with the logs set up as it says.

    Raises:
        SettingsInvalid: one message for all wrong variables; it is fit for logs, which are set up by default then.
    """
    try:
        container = Container(settings=read_settings(environ), environ=environ)
    except SettingsInvalid:
        configure_logging(level="info", log_format=None, redactor=open_redactor(environ))
        raise
    container.configure_logging()
    return container


def open_redactor(environ: Mapping[str, str]) -> Redactor:
    """The container's; where the settings are wrong, one that lets their operator see what they hold but secrets."""
    try:
        return build_redactor(read_settings(environ), environ)
    except SettingsInvalid:
        return Redactor(secrets=secrets_in(environ), hides_places=False)


def open_codec(environ: Mapping[str, str] = MappingProxyType({})) -> Wire:
    """The codec, which needs no settings, but redacts what they hold."""
    return Wire(redact=open_redactor(environ).text)


Single = providers.ThreadSafeSingleton
"""One for the process; a plain Singleton is built once per thread that asks at the same time."""


class Container(containers.DeclarativeContainer):
    """`Container(settings=read_settings(environ))`: one a process, one a test. A Selector builds what it chooses."""

    settings: providers.Provider[Settings] = providers.Dependency(instance_of=Settings)
    work_root: providers.Provider[Path | None] = providers.Object(None)
    environ: providers.Provider[Mapping[str, str]] = providers.Object(MappingProxyType({}))

    redactor: providers.Provider[Redactor] = providers.Singleton(build_redactor, settings, environ)
    configure_logging: providers.Provider[None] = providers.Callable(
        configure_logging, level=settings.provided.log.level, log_format=settings.provided.log.format, redactor=redactor
    )
    described_settings: providers.Provider[dict[str, object]] = providers.Callable(describe, settings)
    codec: providers.Provider[Wire] = providers.Singleton(Wire, redact=redactor.provided.text)
    weight_reading: providers.Provider[WeightReading] = Single(WeightReading, settings.provided.model)
    model: providers.Provider[VideoModel] = providers.Selector(
        settings.provided.model.backend,
        diffusers=Single(build_diffusers_model, settings.provided.model, weight_reading),
        synthetic=Single(build_synthetic_model, settings.provided.model),
    )
    plain_store: providers.Provider[ObjectStore] = providers.Selector(
        settings.provided.store.backend,
        supabase=Single(build_supabase_store, settings.provided.store.config),
        s3=Single(build_s3_store, settings.provided.store.config),
        gcs=Single(build_gcs_store, settings.provided.store.config),
        azure=Single(build_azure_store, settings.provided.store.config),
        local=Single(build_local_store, settings.provided.store.config),
    )
    store: providers.Provider[OutboxStore] = Single(build_outbox_store, plain_store, settings.provided.store.outbox)
    target_store: providers.Provider[TargetStore] = Single(build_target_store, settings)
    picture_sandbox: providers.Provider[Sandbox] = Single(build_picture_sandbox)
    image_fetcher: providers.Provider[ImageFetcher] = Single(build_image_fetcher, settings, picture_sandbox, store)
    media_fetcher: providers.Provider[MediaFetcher] = Single(build_media_fetcher, settings, store)
    notifier: providers.Provider[Notifier] = Single(build_notifier, settings.provided.webhook, settings.provided.http)
    interpolator: providers.Provider[Interpolator] = Single(build_interpolator)
    encoder: providers.Provider[Encoder] = Single(build_encoder, settings.provided.encoder)
    progress: providers.Provider[Callable[[str], Watcher]] = Single(build_progress)

    generate_video: providers.Provider[GenerateVideo] = Single(
        GenerateVideo,
        model=model,
        store=store,
        targets=target_store,
        fetcher=image_fetcher,
        media=media_fetcher,
        interpolator=interpolator,
        encoder=encoder,
        limits=settings.provided.limits,
        prefix=settings.provided.store.prefix,
        work_root=work_root,
        spare_bytes=settings.provided.spare_bytes,
    )
    generate_once: providers.Provider[GenerateOnce] = Single(
        GenerateOnce,
        generate=generate_video,
        model=model,
        store=store,
        codec=codec,
        prefix=settings.provided.store.prefix,
        keep_prompts=settings.provided.record_prompts,
        work_root=work_root,
    )
    list_offers: providers.Provider[ListOffers] = providers.Factory(ListOffers, model, settings.provided.limits)
    sign_object: providers.Provider[SignObject] = providers.Factory(SignObject, store, settings.provided.store.prefix)
    checks: providers.Provider[tuple[Check, ...]] = providers.Factory(
        build_checks, settings, model, store, encoder, picture_sandbox, interpolator=interpolator, work_root=work_root
    )
    diagnose: providers.Provider[Diagnose] = providers.Factory(Diagnose, checks)
    prepare: providers.Provider[Prepare] = providers.Factory(Prepare, diagnose, providers.Factory(WarmUp, model))
