"""SOQL, as far as clients of this org need it: words, grammar, meaning."""
