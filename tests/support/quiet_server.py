"""What the HTTP servers of the tests have in common."""

from http.server import ThreadingHTTPServer

from typing_extensions import override


class QuietServer(ThreadingHTTPServer):
    """Clients that go away in the middle, or do not like the certificate, are what the tests are about."""

    daemon_threads = True
    request_queue_size = 64

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: the client's side is what is asserted. What fails in here shows as a lost connection."""
