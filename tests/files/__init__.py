"""Small files as people and programs make them, each with what is to become of its lines.

``python -m tests.files FOLDER`` writes them all, with ``expected.csv`` beside them.
"""
