"""Tests in a real browser, against a real app in a process of its own."""
