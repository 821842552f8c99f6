"""The benchmarks: each measures one part of the app, under the name of its command."""
