"""A program that says what a spreadsheet shows, row by row: ``python -m shared.imports.sheets``.

It reads xlsx, xlsm, ods and xls on its standard input and imports nothing of ours but this folder.
"""
