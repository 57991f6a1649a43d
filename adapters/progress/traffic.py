"""What happens to a post on the wire, as aiohttp tells it."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace

import aiohttp
import attrs


@attrs.define
class Traffic:
    """The last attempt to post: whether it is on its way, and what was wrong with it.

    `on_landed` is called when an attempt that was on its way has been answered or is lost.
    """

    on_landed: Callable[[], None]
    is_in_the_air: bool = False
    """Something may have reached the platform that it has not answered. A connection being made does not count."""
    fault: str | None = None

    def trace(self) -> aiohttp.TraceConfig:
        """For the session whose requests are to be watched."""
        config = aiohttp.TraceConfig()
        config.on_request_headers_sent.append(self._sent)
        config.on_request_end.append(self._answered)
        config.on_request_exception.append(self._lost)
        return config

    def forget(self) -> None:
        """A new post begins."""
        self.fault = None

    async def _sent(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, ___: aiohttp.TraceRequestHeadersSentParams
    ) -> None:
        self.is_in_the_air = True

    async def _answered(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        self._land(None if params.response.ok else f"HTTP {params.response.status}")

    async def _lost(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, params: aiohttp.TraceRequestExceptionParams
    ) -> None:
        is_our_doing = isinstance(params.exception, asyncio.CancelledError)
        self._land(self.fault if is_our_doing else type(params.exception).__name__)

    def _land(self, fault: str | None) -> None:
        self.is_in_the_air = False
        self.fault = fault
        self.on_landed()
