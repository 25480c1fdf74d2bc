"""Marketo Engage: REST and bulk API of one instance."""

from include.sandbox.marketo.vendor import Marketo

VENDOR = Marketo
