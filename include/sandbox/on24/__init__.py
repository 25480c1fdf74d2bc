"""The ON24 emulator (REST API v2)."""

from include.sandbox.on24.vendor import On24

VENDOR = On24
