"""What the processes on one database do one after another, with a pause between two of them."""

import asyncio

from storage.database import Database


class Turns:
    """Turns under a name: whoever has one is followed by the next no sooner than `pause_s` later.

    A turn is a lock in the database that is held for the pause, so a process that dies keeps nobody waiting.
    """

    def __init__(self, database: Database, name: str, pause_s: float) -> None:
        self._database = database
        self._name = name
        self._pause_s = pause_s
        self._pauses: set[asyncio.Task[None]] = set()

    async def take(self) -> None:
        """Wait for a turn.

        Raises:
            SQLAlchemyError, OSError: the database is away.
        """
        taken = asyncio.get_running_loop().create_future()
        pause = asyncio.create_task(self._hold(taken), name=f"turn {self._name}")
        self._pauses.add(pause)
        pause.add_done_callback(self._pauses.discard)
        try:
            await taken
        except asyncio.CancelledError:
            pause.cancel()
            raise

    async def stop(self) -> None:
        """Let go at once."""
        for pause in self._pauses:
            pause.cancel()
        await asyncio.gather(*self._pauses, return_exceptions=True)

    async def _hold(self, taken: asyncio.Future[None]) -> None:
        try:
            async with self._database.locked(self._name):
                if not taken.done():
                    taken.set_result(None)
                await asyncio.sleep(self._pause_s)
        except Exception as error:  # told to whoever waits for the turn; a lost pause is nobody's concern
            if not taken.done():
                taken.set_exception(error)
