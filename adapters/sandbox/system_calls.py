"""A filter of system calls (seccomp): the child opens no file, speaks to no network and starts nothing.

A list of what is forbidden, not of what is allowed, which would change with each version of the C library. It is the
second line behind the process: what a decoder that was taken over cannot do is read the worker's secrets in /proc,
reach the network, write to the store's folder or end the worker.
"""

import ctypes
import os
import platform
import struct
from typing import Final

_X86_64: Final = {
    "open": 2, "openat": 257, "openat2": 437, "creat": 85, "open_by_handle_at": 304, "truncate": 76,
    "rename": 82, "renameat": 264, "renameat2": 316, "link": 86, "linkat": 265, "symlink": 88, "symlinkat": 266,
    "unlink": 87, "unlinkat": 263, "mkdir": 83, "mkdirat": 258, "rmdir": 84, "mknod": 133, "mknodat": 259,
    "chmod": 90, "fchmodat": 268, "chown": 92, "fchownat": 260, "chroot": 161, "mount": 165,
    "socket": 41, "socketpair": 53, "connect": 42, "bind": 49, "listen": 50, "accept": 43, "accept4": 288,
    "execve": 59, "execveat": 322, "fork": 57, "vfork": 58, "unshare": 272, "setns": 308,
    "kill": 62, "tkill": 200, "tgkill": 234, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297,
    "pidfd_open": 434, "pidfd_getfd": 438, "pidfd_send_signal": 424,
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311,
    "shmget": 29, "shmat": 30, "semget": 64, "msgget": 68, "mq_open": 240,
    "bpf": 321, "userfaultfd": 323, "perf_event_open": 298, "io_uring_setup": 425, "keyctl": 250,
}  # fmt: skip
"""Forbidden outright: EPERM. Numbers of the kernel's arch/x86/entry/syscalls/syscall_64.tbl; they never change."""
_CLONE: Final = 56
"""Allowed for threads."""
_CLONE3: Final = 435
"""Not there, it says: its flags cannot be looked at, and the C library then takes clone."""
_PRLIMIT64: Final = 302
"""Allowed for the child itself: the CPU allowance."""

_OWNER_COMMANDS: Final = {72: (8, 10, 15), 16: (0x8901, 0x8902)}
"""fcntl's F_SETOWN, F_SETSIG, F_SETOWN_EX; ioctl's FIOSETOWN, SIOCSPGRP: they let the kernel send any signal, SIGKILL
too, to any process of the same user."""

_AUDIT_ARCH_X86_64: Final = 0xC000003E
_X32_BIT: Final = 0x40000000
_CLONE_THREAD: Final = 0x00010000
_EPERM: Final = 1
_ENOSYS: Final = 38

_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_SET_SECCOMP: Final = 22
_SECCOMP_MODE_FILTER: Final = 2
_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_ERRNO: Final = 0x00050000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24
"""Offsets in struct seccomp_data; of an argument the low half."""

_Instruction = tuple[int, int, int, int]
"""(code, steps if true, steps if false, operand), as struct sock_filter."""


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def filter_system_calls() -> bool:
    """Forbid them for the rest of this process' life. False where that is not possible; nothing is forbidden then."""
    if platform.system() != "Linux" or os.uname().machine != "x86_64":
        return False
    program = _program()
    packed = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    filtered = libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(_Program(len(program), packed)))
    return bool(filtered == 0)


def _program() -> list[_Instruction]:
    forbidden = [
        step for number in _X86_64.values() for step in ((_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | _EPERM))
    ]
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, _AUDIT_ARCH_X86_64),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, _KILL),
        *forbidden,
        *(step for call, commands in _OWNER_COMMANDS.items() for step in _without(call, commands)),
        (_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _ERRNO | _ENOSYS),
        (_EQUAL, 0, 4, _CLONE),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_ANY_BIT, 0, 1, _CLONE_THREAD),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
        (_EQUAL, 0, 4, _PRLIMIT64),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_EQUAL, 0, 1, 0),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _without(call: int, commands: tuple[int, ...]) -> list[_Instruction]:
    """Steps that forbid `call` where its second argument is one of `commands`, and go on for other calls."""
    most = len(commands)
    return [
        (_EQUAL, 0, most + 3, call),
        (_LOAD, 0, 0, _SECOND_ARGUMENT),
        *((_EQUAL, most - index, 0, command) for index, command in enumerate(commands)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
    ]
