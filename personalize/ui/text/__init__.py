"""Every text of the page, by language."""
