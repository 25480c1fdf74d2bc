"""The Marketo half of the demo world."""

from __future__ import annotations


def fill(m,seed): return {}
def define_attendee_object(m): pass
