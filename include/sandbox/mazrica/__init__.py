"""The Mazrica Sales (formerly Senses) emulator, Open API v1."""

from include.sandbox.mazrica.vendor import Mazrica

VENDOR = Mazrica
