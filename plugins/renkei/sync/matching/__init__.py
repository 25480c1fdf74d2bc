"""Matching: when two records of two systems are one, and why. Pure; shared by all integrations."""

from renkei.sync.matching.choose import LOWEST, Choice, Hit, Refused, choose
from renkei.sync.matching.normalise import address, company, email, phone, text
from renkei.sync.matching.rules import Rule, hits_by_rules, keys_of

__all__ = [
    "LOWEST",
    "Choice",
    "Hit",
    "Refused",
    "Rule",
    "address",
    "choose",
    "company",
    "email",
    "hits_by_rules",
    "keys_of",
    "phone",
    "text",
]
