"""The demo's receiver as a part of the web process, so that the gallery runs as it is."""

from __future__ import annotations

import logging
import socket
from threading import Event, Thread

from altoflow.demo_receiver import Receiver, is_loopback

logger = logging.getLogger("altoflow.demo")

RETRY_SECONDS = 1.0
FREE_LOOKS = 3


class BuiltInReceiver:
    """Keeps a receiver on its address for as long as this process lives. It leaves the address to
    who asks for it (`manage.py demo`), and waits while it is taken."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._receiver = Receiver(address, steps_aside=True)
        self._over = Event()

    def start(self) -> None:
        """Where other hosts could reach the address, somebody else's receiver is there."""
        if is_loopback(self._address.rpartition(":")[0].strip("[]")):
            Thread(target=self._keep_up, name="demo-receiver", daemon=True).start()

    def stop(self) -> None:
        self._over.set()
        self._receiver.stop()

    def _keep_up(self) -> None:
        while listener := self._listen():
            self._receiver.serve(listener)
            self._receiver.wait_while_aside()

    def _listen(self) -> socket.socket | None:
        """An address that was taken has to be free at several looks: its owner, the receiver of
        another installation or of its demo, may be down for a moment only. None at the end."""
        looks = 0
        while not self._over.is_set():
            try:
                if not looks:
                    return self._receiver.listen()
                self._receiver.check_free()
                looks -= 1
            except OSError as error:
                if not looks:
                    logger.warning(
                        "The demo's receiver waits for %s: %s.", self._address, error.strerror
                    )
                looks = FREE_LOOKS
            self._over.wait(RETRY_SECONDS)
        return None
