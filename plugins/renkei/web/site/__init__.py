"""What answers the site: the tag's script and calls, and the read API of the router."""
