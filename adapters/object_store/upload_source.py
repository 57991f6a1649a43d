"""The file that is being uploaded, watched by the job."""

import io
from pathlib import Path
from typing import Final

from typing_extensions import override

from application.job_control import JobControl, StageProgress
from domain.errors import StorageRejected

_REPORT_STEP: Final = 1 << 20


class UploadSource(io.FileIO):
    """`path`, opened for reading: each read first asks `control` whether the job may go on.

    The stage "upload" is reported in bytes, about once a mebibyte and at the end. What was reported never goes
    back, also when the file is rewound for another attempt. A FileIO, because that is what storage3 streams.
    """

    def __init__(self, path: Path, control: JobControl) -> None:
        """Open the file.

        Raises:
            StorageRejected: it is empty.
        """
        super().__init__(path, "rb")
        self.total = path.stat().st_size
        self._control = control
        self._reported = 0
        if self.total == 0:
            self.close()
            message = "The file to be stored is empty"
            raise StorageRejected(message)

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        """Up to `size` bytes; b"" at the end.

        Raises:
            DeadlineExceeded: from `control.check()`.
            StorageRejected: the file no longer has the length that it was opened with.
        """
        self._control.check()
        block = super().read(size) or b""
        done = self.tell()
        if done > self.total or (not block and size != 0 and done < self.total):
            message = "The file to be stored changed while it was being read"
            raise StorageRejected(message)
        if done > self._reported and (done - self._reported >= _REPORT_STEP or done == self.total):
            self._reported = done
            self._control.report(StageProgress("upload", done, self.total))
        return block
