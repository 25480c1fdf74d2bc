"""KARTE: API v2 of one project, and the webhooks it sends."""

from include.sandbox.karte.vendor import Karte

VENDOR = Karte
