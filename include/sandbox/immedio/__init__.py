"""The immedio emulator: bookings, and the webhook it sends for each."""

from include.sandbox.immedio.vendor import Immedio

VENDOR = Immedio
