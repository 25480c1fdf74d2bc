"""``python -m renkei.web [--host 127.0.0.1] [--port 8090]``: the webhook receiver and read API, one process."""

from __future__ import annotations

import argparse
import logging
import os

import uvicorn

MOST = 2_000  # connections and requests at a time; more are answered 503


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m renkei.web", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 behind your TLS proxy")
    parser.add_argument("--port", type=int, default=int(os.environ.get("RENKEI_RECEIVER_PORT") or 8090))
    asked = parser.parse_args()
    # Before Airflow is imported: its connections are read as a server reads them, from its database too.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    from renkei.web.app import from_airflow

    app = from_airflow()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", force=True)
    # No access log: addresses and query strings are nobody's business.
    uvicorn.run(app, host=asked.host, port=asked.port, access_log=False, log_config=None, server_header=False,
                timeout_keep_alive=30, timeout_graceful_shutdown=10, limit_concurrency=MOST)  # fmt: skip


if __name__ == "__main__":
    main()
