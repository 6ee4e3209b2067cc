"""`render`: a request drawn from the terminal, with a progress bar, to files."""

import asyncio
import sys
from pathlib import Path

import click

from generation.errors import DrawingCancelled
from generation.image import Image
from generation.job import Cancelled, Failed, Finished, Job, Running, Suspended
from generation.place import Place
from generation.request import GenerationRequest
from generation.service import GenerationService

TERMINAL_USER_ID = 0
# Who sits at the machine decides by the settings alone, as in a channel that is age-restricted.
TERMINAL = Place(guild_id=0, channel_id=0, is_age_restricted=True)


async def render_to_files(service: GenerationService, request: GenerationRequest, output: Path) -> None:
    """Draw `request` and write its pictures to `output`, or to numbered files beside it.

    Raises:
        GenerationError: it can't be drawn, and why.
        OSError: a file can't be written.
    """
    service.start()
    try:
        job = await service.submit(request, TERMINAL_USER_ID, TERMINAL)
        images = await _with_progress_bar(job, service)
        for path in await asyncio.to_thread(_write, images, output):
            click.echo(path)
    finally:
        await service.stop()


async def _with_progress_bar(job: Job, service: GenerationService) -> tuple[Image, ...]:
    click.echo("Loading the model ...", err=True)
    with click.progressbar(length=job.total_steps, label="Drawing", file=sys.stderr) as bar:
        async for update in job.updates():
            match update:
                case Running(step=step):
                    bar.update(step - bar.pos)
                case Finished(images):
                    bar.update(job.total_steps - bar.pos)
                    return images
                case Failed(error):
                    raise error
                case Suspended():  # for a next start, which there is none of here
                    raise await service.until_device_is_gone()
                case Cancelled():
                    break
    raise DrawingCancelled


def _write(images: tuple[Image, ...], output: Path) -> list[Path]:
    output.parent.mkdir(parents=True, exist_ok=True)
    if len(images) == 1:
        paths = [output]
    else:
        paths = [output.with_stem(f"{output.stem}-{number}") for number in range(1, len(images) + 1)]
    for path, image in zip(paths, images, strict=True):
        path.write_bytes(image.png)
    return paths
