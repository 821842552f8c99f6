"""Routes beside the page: pictures, votes, wall, staff, settings, health."""
