"""The Salesforce emulator: OAuth of the login host and the REST and Bulk 2.0 APIs of one org."""

from include.sandbox.salesforce.vendor import Salesforce

VENDOR = Salesforce
