"""The same bytes to hundreds of readers in one call of the kernel (io_uring, where Linux lets us have it).

Half of what a send costs us is the way into the kernel and back, and the interpreter's turn around it. Here both are
taken once for a whole slice. What differs from reader to reader is one number, the descriptor; all else is written
over every entry of the queue by an assignment to a strided view, so there is no turn of a loop for each of them.

Nothing is left for later: with MSG_DONTWAIT each send is done or refused before the call returns, exactly as `send`
would have, and an answer a reader tells which. Many hosts and containers forbid io_uring; then `at_once` is None and
readers are sent to one by one, which is the same in all but its cost (docs/decisions/2026-11-29-sends-in-one-call.md).

    io_uring(7), io_uring_setup(2), io_uring_enter(2): https://man7.org/linux/man-pages/man7/io_uring.7.html
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import socket
import sys
from array import array
from collections.abc import Sequence

ENTRIES = 512
"""Sends in one call, and no more than a slice of a pass: between two slices the loop sees to others."""

_SETUP, _ENTER = 425, 426  # the same on every machine that Linux runs on, but Alpha
_OP_SEND, _GETEVENTS, _SINGLE_MMAP, _QUEUE_OF_SENDS = 26, 1, 1, 0x10000000
_PARAMETERS, _SEND_QUEUE, _ANSWERS = 30, 10, 20  # numbers of 32 bits; where the offsets of each queue begin
_HEAD, _TAIL, _MASK, _ARRAY, _ANSWERS_AT = 0, 1, 2, 6, 5
_ENTRY_BYTES, _ANSWER_BYTES = 64, 16


class AtOnce:
    """A queue of sends and one of answers, both shared with the kernel; for one thread.

    Raises OSError where the kernel has none for us.
    """

    def __init__(self) -> None:
        self._call = ctypes.CDLL(None, use_errno=True).syscall
        told = (ctypes.c_uint32 * _PARAMETERS)()
        self._fd = self._asked(_SETUP, ENTRIES, told)
        entries, answers, features = told[0], told[1], told[5]
        sends, answered = told[_SEND_QUEUE:_ANSWERS], told[_ANSWERS:]
        if not features & _SINGLE_MMAP or entries != ENTRIES:
            os.close(self._fd)
            raise OSError(errno.ENOSYS, "An io_uring older than Linux 5.4.")
        queues_bytes = max(sends[_ARRAY] + 4 * entries, answered[_ANSWERS_AT] + _ANSWER_BYTES * answers)
        queues = memoryview(mmap.mmap(self._fd, queues_bytes))
        entry = memoryview(mmap.mmap(self._fd, _ENTRY_BYTES * entries, offset=_QUEUE_OF_SENDS))

        self._numbers = queues[: queues_bytes // 4 * 4].cast("I")
        self._taken, self._given = sends[_HEAD] // 4, sends[_TAIL] // 4
        self._read, self._answered = answered[_HEAD] // 4, answered[_TAIL] // 4
        self._answers_mask = self._numbers[answered[_MASK] // 4]
        self._numbers[sends[_ARRAY] // 4 : sends[_ARRAY] // 4 + entries] = array("I", range(entries))
        each_answer = queues[answered[_ANSWERS_AT] : answered[_ANSWERS_AT] + _ANSWER_BYTES * answers]
        self._answer_to, self._answer = each_answer.cast("Q")[0::2], each_answer.cast("i")[2::4]

        entry[0::_ENTRY_BYTES] = bytes([_OP_SEND]) * entries
        self._descriptor, self._length = entry.cast("I")[1::16], entry.cast("I")[6::16]
        self._words = entry.cast("Q")[2::8]
        entry.cast("I")[7::16] = array("I", [socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL]) * entries
        entry.cast("Q")[4::8] = array("Q", range(entries))

    def send(self, descriptors: Sequence[int], encoded: bytes) -> list[int]:
        """Send the same to the first of these, at most ENTRIES: for each the bytes taken, or minus an error's number.

        The list is shorter where the queue's end is reached or the kernel can take no more at the moment: nobody
        after it was sent anything.
        """
        numbers = self._numbers
        begun = numbers[self._given]
        first = begun % ENTRIES
        count = min(len(descriptors), ENTRIES - first)
        upto = first + count
        self._descriptor[first:upto] = array("I", descriptors[:count])
        self._words[first:upto] = array("Q", [_address(encoded)]) * count
        self._length[first:upto] = array("I", [len(encoded)]) * count
        numbers[self._given] = (begun + count) & 0xFFFFFFFF
        try:
            self._asked(_ENTER, self._fd, count, count, _GETEVENTS, None, 0)
        except OSError as error:
            if error.errno not in (errno.EINTR, errno.EAGAIN, errno.EBUSY, errno.ENOMEM):
                raise
        numbers[self._given] = numbers[self._taken]  # What it did not take is not to be sent later.
        return self._what_was_answered(first, (numbers[self._taken] - begun) & 0xFFFFFFFF)

    def _what_was_answered(self, first: int, count: int) -> list[int]:
        numbers = self._numbers
        read = numbers[self._read]
        if (numbers[self._answered] - read) & 0xFFFFFFFF != count:
            raise OSError(errno.EIO, "A send was begun and not answered.")
        begin = read & self._answers_mask  # A batch never goes over the end of the sends, nor so of the answers.
        answers = self._answer[begin : begin + count].tolist()
        whose = self._answer_to[begin : begin + count].tolist()
        numbers[self._read] = (read + count) & 0xFFFFFFFF
        if whose != list(range(first, first + count)):
            answers = [answer for _, answer in sorted(zip(whose, answers, strict=True))]
        return answers

    def _asked(self, *arguments: object) -> int:
        got = int(self._call(*arguments))
        if got < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return got

    def close(self) -> None:
        os.close(self._fd)


def _address(encoded: bytes) -> int:
    return ctypes.cast(ctypes.c_char_p(encoded), ctypes.c_void_p).value or 0


def at_once() -> AtOnce | None:
    """The queue, if this kernel has one for us that does what `send` does; tried on a pair of sockets of our own."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        queue = AtOnce()
    except (OSError, ValueError, AttributeError):
        return None
    try:
        if _does_what_send_does(queue):
            return queue
    except OSError:
        pass
    queue.close()
    return None


def _does_what_send_does(queue: AtOnce) -> bool:
    """Whole when there is room; refused at once, or in part, when there is none; an error when the other is gone."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        if queue.send([ours.fileno()], b"a few words") != [11] or theirs.recv(100) != b"a few words":
            return False
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        answers = [queue.send([ours.fileno()], bytes(16_384)) for _ in range(16)]
        if answers[0] == answers[-1] or answers[-1] != [-errno.EAGAIN]:
            return False
        theirs.close()
        return queue.send([ours.fileno()], b"words") == [-errno.EPIPE]
