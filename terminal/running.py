"""Running until a signal comes: the first one lets what runs come to its end, a second one doesn't."""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from generation.engine.local_engine import ENGINE_THREAD

EXIT_FAILURE = 1


def run_until_signalled(main: Coroutine[Any, Any, None]) -> None:
    """Run `main` on an event loop until it ends; SIGINT or SIGTERM cancels it, a second one exits at once."""

    async def supervised() -> None:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()

        def stop() -> None:
            for signal_number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(signal_number, os._exit, EXIT_FAILURE)
            if task is not None:
                task.cancel()

        # Windows has no signal handlers on the loop; there Ctrl-C cancels the task by itself.
        with suppress(NotImplementedError):
            for signal_number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(signal_number, stop)
        with suppress(asyncio.CancelledError):
            await main

    asyncio.run(supervised())
    leave_engine_behind(0)


def leave_engine_behind(exit_code: int) -> None:
    """End the program, if the engine's thread still works: what can't be interrupted Python would wait for."""
    if any(thread.name.startswith(ENGINE_THREAD) for thread in threading.enumerate()):
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)
