"""`python -m sandbox`: the stand-in for Discord alone, for any bot that can be told its API's address."""

import argparse
import asyncio
from contextlib import suppress

from sandbox.server import SandboxServer


async def _serve(port: int) -> None:
    server = SandboxServer(port=port)
    await server.start()
    print(f"The page:  {server.base_url}/\nThe API:   {server.api_base}", flush=True)  # noqa: T201
    try:
        await asyncio.Event().wait()
    finally:
        await server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--port", type=int, default=8484, help="port of the page and the API (0: any free one)"
    )
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(parser.parse_args().port))
