"""An even stream of signed webhooks over HTTP/1.1, each sent at its own time whether or not others were answered.

python -m tests.bench.load PORT SECRET PER_SECOND SECONDS [EVENT_NAME EMAIL]

Prints JSON: latencies (from the time a request was due, so that a receiver that stands still is seen), the ids answered
200, and what else was answered.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

CONNECTIONS = 64
GIVE_UP = 30.0  # seconds without an answer


@dataclass
class Load:
    """What is sent, and what came back."""

    port: int
    secret: str
    name: str
    email: str
    answered: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    async def run(self, per_second: int, seconds: float) -> None:
        due: asyncio.Queue[tuple[int, float]] = asyncio.Queue()
        senders = [asyncio.create_task(self._sender(due)) for _ in range(CONNECTIONS)]
        start, loop = time.perf_counter() + 0.5, asyncio.get_running_loop()
        for number in range(int(per_second * seconds)):
            at = start + number / per_second
            if (wait := at - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            due.put_nowait((number, at))
        end = loop.time() + GIVE_UP
        while not due.empty() and loop.time() < end:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        for sender in senders:
            sender.cancel()

    async def _sender(self, due: asyncio.Queue[tuple[int, float]]) -> None:
        reader: asyncio.StreamReader | None = None
        writer: asyncio.StreamWriter | None = None
        while True:
            number, at = await due.get()
            try:
                if reader is None or writer is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                async with asyncio.timeout(GIVE_UP):
                    status = await self._one(reader, writer, number)
            except (OSError, EOFError, ValueError, TimeoutError) as error:
                self.others[type(error).__name__] += 1
                reader = writer = None
                continue
            self.latencies.append(time.perf_counter() - at)
            if status == 200:
                self.answered.append(f"load-{number}")
            else:
                self.others[str(status)] += 1

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> int:
        raw = body(number, self.name, self.email)
        headers = {"Host": "receiver", "Content-Type": "application/json", "Content-Length": str(len(raw))}
        headers |= signed(self.secret, raw)
        lines = ["POST /hooks/karte/event HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        writer.write("\r\n".join(lines).encode() + raw)
        head = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next(int(line.split(b":")[1]) for line in head if line.startswith(b"content-length"))
        await reader.readexactly(length)
        return int(head[0].split()[1])


def signed(secret: str, raw: bytes) -> dict[str, str]:
    """KARTE's signature of a body, of now."""
    at = str(int(time.time()))
    signature = hmac.digest(secret.encode(), f"{at}:".encode() + raw, hashlib.sha256).hex()
    return {"X-Karte-Signature": signature, "X-Karte-Request-Timestamp": at}


def body(number: int, name: str = "purchase", email: str = "") -> bytes:
    """An event of ordinary size."""
    values = {"email": email or f"user{number}@example.jp", "document_name": f"load-{number}", "category": "bench",
              "items": [{"sku": f"s{i}", "price": i} for i in range(8)]}  # fmt: skip
    event = {"event_id": f"load-{number}", "event_name": name, "user_id": f"user-{number}", "values": values,
             "occurred_at": "2026-11-20T10:00:00+09:00"}  # fmt: skip
    return json.dumps(event).encode()


def main(port: str, secret: str, per_second: str, seconds: str, *what: str) -> dict[str, Any]:
    load = Load(int(port), secret, *(what or ("purchase", "")))
    began = time.process_time()
    asyncio.run(load.run(int(per_second), float(seconds)))
    return {"latencies": load.latencies, "answered": load.answered, "others": load.others,
            "cpu_seconds": time.process_time() - began}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
