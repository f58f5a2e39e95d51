"""From the bytes of a seed file to its lines, as a stream of a few hundred kilobytes. The name says the form: `.jsonl`
or `.csv`, packed `.gz` behind it. Lines end in LF, CRLF or CR.
"""

import zlib
from collections.abc import Iterable, Iterator

MAX_LINE_BYTES = 1_048_576
"""The line end counts.

32,000 tokens are about 128 KB of English, and at most 768 KB where each character is written as \\uXXXX: nothing usable
is longer.
"""

MAX_UNPACKED_BYTES = 1_073_741_824
"""What a packed file may unpack to: the most of a Bedrock batch file. It bounds what a decompression bomb costs."""

_PIECE_BYTES = 262_144
_GZIP_MAGIC, _UTF8_BOM, _UTF16_BOMS = b"\x1f\x8b", b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")


class UnreadableFile(Exception):
    """The rest of a seed file cannot be read: fatal for the run, since nobody knows what is in it."""

    def __init__(self, reason: str, found: str, expected: str, line: int | None = None) -> None:
        super().__init__(f"{reason}: found {found}, expected {expected}")
        self.reason, self.found, self.expected, self.line = reason, found, expected, line


def file_format(key: str) -> str | None:
    """The form of a file by its name: "jsonl", "csv", or None for a file that holds no seeds."""
    name = key.lower().removesuffix(".gz")
    return next((ending for ending in ("jsonl", "csv") if name.endswith(f".{ending}")), None)


def numbered_lines(key: str, chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """The lines of a file (`chunks`: its content in pieces), counted from 1, blank ones and line ends included. None
    stands for a line longer than `MAX_LINE_BYTES`. Raises UnreadableFile.
    """
    pieces = _pieces(_gunzipped(_pieces(chunks)) if key.lower().endswith(".gz") else chunks)
    return enumerate(_lines(_text_bytes(pieces)), start=1)


def _gunzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Unpacks all members of a gzip file."""
    member, started, unpacked = zlib.decompressobj(wbits=31), False, 0
    for chunk in chunks:
        packed = chunk
        while packed:
            if member.eof:
                member, started = zlib.decompressobj(wbits=31), False
            if not started and not (packed := packed.lstrip(b"\0")):
                break  # zeros may pad the end of a gzip file
            piece = _inflated(member, packed)
            packed, started = member.unconsumed_tail or member.unused_data, True
            unpacked += len(piece)
            if unpacked > MAX_UNPACKED_BYTES:
                raise UnreadableFile(
                    "too_large_unpacked", f"more than {MAX_UNPACKED_BYTES:,} bytes", "at most that much: split the file"
                )
            yield piece
    if started and not member.eof:
        raise UnreadableFile(
            "corrupt_gzip", "the end of the file in the middle of its packed data", "a whole gzip file: upload it again"
        )


def _inflated(member: "zlib._Decompress", chunk: bytes) -> bytes:
    try:
        return member.decompress(chunk, _PIECE_BYTES)
    except zlib.error as error:
        raise UnreadableFile(
            "corrupt_gzip", f"bytes that are not gzip ({error})", "a whole gzip file, as its name ends in .gz"
        ) from None


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of middling size: tiny ones are slow to cut into lines, huge ones cost memory."""
    waiting, size = [], 0
    for chunk in chunks:
        for start in range(0, len(chunk), _PIECE_BYTES):
            waiting.append(chunk[start : start + _PIECE_BYTES])
            size += len(waiting[-1])
            if size >= _PIECE_BYTES:
                yield b"".join(waiting)
                waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _text_bytes(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Takes the byte-order mark away and refuses what is not text."""
    source = iter(pieces)
    first = next(source, b"")
    if first.startswith(_GZIP_MAGIC):
        raise UnreadableFile("wrong_encoding", "a gzip file", "text, or a name that ends in .gz", line=1)
    if first.startswith(_UTF16_BOMS):
        raise UnreadableFile("wrong_encoding", "UTF-16", "UTF-8: save the file as UTF-8", line=1)
    yield first.removeprefix(_UTF8_BOM)
    yield from source


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes | None]:
    carry, skipping = b"", False
    for piece in pieces:
        lines = (carry + piece).splitlines(keepends=True)
        # The last line may go on in the next piece, and so may a CR that is the first half of a CRLF.
        carry = b"" if not lines or lines[-1].endswith(b"\n") else lines.pop()
        for line in lines:
            if not skipping:
                yield line if len(line) <= MAX_LINE_BYTES else None
            skipping = False
        if len(carry) > MAX_LINE_BYTES or skipping:
            if not skipping:
                yield None
            carry, skipping = carry[-1:] if carry.endswith(b"\r") else b"", True
    if carry and not skipping:
        yield carry
