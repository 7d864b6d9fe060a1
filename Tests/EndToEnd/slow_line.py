"""A line between browser and server as slow as the test wants it: bytes a second, delay, interruptions."""

from __future__ import annotations

import socket
import threading
import time

from apus_server import free_port

PIECE = 4096


class SlowLine:
    """Passes TCP on to a port of this machine. All connections share the line."""

    def __init__(self, target: int):
        self.target = target
        self.port = free_port()
        self.rate = 0
        """Bytes a second towards the browser; 0 for as fast as it goes."""
        self.delay = 0.0
        """Seconds one way."""
        self.is_cut = False
        self._open: set[socket.socket] = set()
        self._turn = threading.Lock()
        self._free_at = 0.0
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Every connection breaks, new ones are refused."""
        self.is_cut = True
        for each in list(self._open):
            self._end(each)

    def mend(self) -> None:
        self.is_cut = False

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.is_cut:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            # A full buffer would hide from the sender that the line is slow.
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
            self._open |= {near, far}
            threading.Thread(target=self._pass, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, True), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, is_towards_browser: bool) -> None:
        try:
            while data := source.recv(PIECE):
                if self.delay:
                    time.sleep(self.delay if len(data) < PIECE else 0)
                if is_towards_browser and self.rate:
                    self._wait(len(data))
                target.sendall(data)
        except OSError:
            pass
        self._end(source)
        self._end(target)

    def _wait(self, size: int) -> None:
        with self._turn:
            start = max(self._free_at, time.monotonic())
            self._free_at = start + size / self.rate
        time.sleep(max(0.0, start - time.monotonic()))

    def _end(self, each: socket.socket) -> None:
        self._open.discard(each)
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        each.close()
