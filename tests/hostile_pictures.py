"""Picture files that mean harm: bombs of pixels and of text, lying heads, two kinds of file in one."""

import io
import json
import struct
import zlib
from typing import Any

from PIL import Image

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
HEAD_SIZE = 33
"""Bytes of a PNG before its second chunk."""


def file_of(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """An image as a file."""
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG, with its true checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def with_chunks(*chunks: bytes, file: bytes | None = None) -> bytes:
    """A small PNG with more chunks after its head."""
    file = file or file_of(Image.new("RGB", (64, 64), "red"))
    return file[:HEAD_SIZE] + b"".join(chunks) + file[HEAD_SIZE:]


def with_texts(**texts: str) -> bytes:
    """A PNG with these texts beside its pixels."""
    return with_chunks(
        *(
            chunk(b"iTXt", name.encode() + bytes(5) + text.encode(errors="surrogatepass"))
            for name, text in texts.items()
        )
    )


def head(width: int, height: int, depth: int = 8, colours: int = 2) -> bytes:
    """The head of a PNG, which may say anything."""
    return PNG_HEAD + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0))


def _zeros(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)


def _exif(orientation: int, comment: bytes = b"") -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8769)[0x9286] = comment
    return exif


def jpeg_with_comment(comment: str) -> bytes:
    """A JPEG whose EXIF says how it was drawn, as A1111 writes it."""
    written = b"UNICODE\0" + comment.encode("utf-16-be")
    return file_of(Image.new("RGB", (64, 64)), "JPEG", exif=_exif(1, written))


def circling_graph(nodes: int) -> dict[str, str]:
    """A graph of samplers that are each other's model and prompt, as ComfyUI writes it."""
    link = {key: ["%d", 0] for key in ("positive", "negative", "model")}
    inputs = json.dumps({"sampler_name": "a", "steps": 1, "cfg": 1, **link})
    each = ", ".join(
        f'"{one}": {{"class_type": "KSampler", "inputs": {inputs.replace("%d", str((one + 1) % nodes))}}}'
        for one in range(nodes)
    )
    links = [[0, str((one + 1) % nodes), 0, str(one), 0, "X"] for one in range(nodes)]
    return {"prompt": f"{{{each}}}", "workflow": json.dumps({"links": links})}


_bomb = _zeros(100_000_000)

PICTURES: dict[str, bytes] = {
    "nothing": b"",
    "zip": b"PK\3\4" + bytes(100),
    "svg with script": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n(/etc/passwd) (r) file\n",
    "pdf": b"%PDF-1.4\n1 0 obj\n",
    "tiff": file_of(Image.new("RGB", (64, 64)), "TIFF"),
    "icon": file_of(Image.new("RGB", (64, 64)), "ICO"),
    "picture and page": with_chunks() + b"<script>alert(1)</script>",
    "picture and zip": with_chunks() + b"PK\3\4" + bytes(100),
    "no size": head(0, 0) + chunk(b"IDAT", b"") + chunk(b"IEND", b""),
    "larger than memory": head(2**31 - 1, 2**31 - 1) + chunk(b"IDAT", _zeros(9)) + chunk(b"IEND", b""),
    "bomb of pixels": head(20_000, 20_000) + chunk(b"IDAT", _bomb) + chunk(b"IEND", b""),
    "more pixels than its head says": head(64, 64) + chunk(b"IDAT", _bomb) + chunk(b"IEND", b""),
    "second head": with_chunks(head(20_000, 20_000)[8:]),
    "bomb of text": with_chunks(chunk(b"zTXt", b"parameters\0\0" + _bomb)),
    "bomb of international text": with_chunks(chunk(b"iTXt", b"parameters\0\1\0\0\0" + _bomb)),
    "bomb of colours": with_chunks(chunk(b"iCCP", b"icc\0\0" + _bomb)),
    "much text": with_chunks(chunk(b"tEXt", b"parameters\0" + b"a" * 5_000_000)),
    "many texts": with_chunks(*(chunk(b"tEXt", b"%d\0a" % number) for number in range(20_000))),
    "chunk that lies": with_chunks(struct.pack(">I", 2**31 - 1) + b"tEXt"),
    "chunk below nothing": with_chunks(struct.pack(">I", 2**32 - 1) + b"tEXt"),
    "transparency past the palette": with_chunks(
        chunk(b"tRNS", bytes(5000)), file=file_of(Image.new("P", (64, 64)))
    ),
    "transparency cut off": with_chunks(chunk(b"tRNS", bytes(3))),
    "animation without end": with_chunks(chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))),
    "thin": file_of(Image.new("RGB", (32, 60_000))),
    "orientation that is none": file_of(Image.new("RGB", (64, 64)), "JPEG", exif=_exif(99, b"\xff" * 60_000)),
    "exif of noise": file_of(Image.new("RGB", (64, 64)), "JPEG", exif=b"Exif\0\0II*\0" + b"\xff" * 1000),
    "exif in a circle": file_of(
        Image.new("RGB", (64, 64)),
        "JPEG",
        exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\4\0\1\0\0\0\x08\0\0\0\x08\0\0\0",
    ),
    "xml bomb": file_of(
        Image.new("RGB", (64, 64)),
        "WEBP",
        xmp=b"<!DOCTYPE x [<!ENTITY a 'a'><!ENTITY b '&a;&a;'>]><x>&b;</x>",
    ),
    "bitmap of negative size": b"BM"
    + struct.pack("<IHHI", 100, 0, 0, 54)
    + struct.pack("<IiiHHIIiiII", 40, 64, -(2**31), 1, 24, 0, 0, 0, 0, 0, 0),
    "bitmap of runs": b"BM"
    + struct.pack("<IHHI", 100, 0, 0, 54)
    + struct.pack("<IiiHHIIiiII", 40, 7000, 7000, 1, 8, 1, 0, 0, 0, 0, 0)
    + bytes(4),
    "four inks": file_of(Image.new("CMYK", (64, 64)), "JPEG"),
    "text of a graph in a circle": with_texts(**circling_graph(5)),
    "text of a large graph": with_texts(**circling_graph(2000)),
    "text of brackets": with_texts(prompt="[" * 100_000, workflow="{}"),
    "text for a slow pattern": with_texts(
        Comment='{"sampler": "a"}', Description="a", Source=" " * 100_000 + "a"
    ),
    "text for another": with_texts(parameters="Hashes:{" * 40_000),
    "text of a number": with_texts(Comment="9" * 5000, Description="a", Source="a"),
}
"""By what is wrong with them."""

WHOLE: tuple[bytes, ...] = (
    with_texts(parameters="1girl\nSteps: 1, Sampler: Euler a, Seed: 1"),
    jpeg_with_comment("1girl\nSteps: 1, Sampler: Euler a, Seed: 1"),
    file_of(Image.new("P", (64, 64)), transparency=bytes(256)),
    file_of(Image.new("P", (64, 64)), "GIF"),
    file_of(Image.new("RGB", (64, 64)), "BMP"),
    file_of(Image.new("RGBA", (64, 64)), "WEBP", exif=b"Exif\0\0II*\0", xmp=b"<x/>"),
)
"""Good files, to be broken."""
