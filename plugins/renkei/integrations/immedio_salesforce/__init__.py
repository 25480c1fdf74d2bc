"""immedio → Salesforce: a booking becomes a ToDo and a campaign member; lists and fields are cached for the tag."""
