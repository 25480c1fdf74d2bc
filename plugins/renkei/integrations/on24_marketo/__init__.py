"""ON24 → Marketo: registrants and attendees become people, attendance records and, if wished, program members."""
