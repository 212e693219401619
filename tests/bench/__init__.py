"""Benchmarks: each row of the design's table, beside a limit measured on the same servers in the same run.

A row is a module with ``NAME`` and ``measure(setting) -> list[Figure]``; ``tests/bench/__main__.py`` lists them.
"""
