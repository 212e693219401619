"""All files of the corpus."""

from tests.files.sheet_files import SHEET_FILES
from tests.files.text_files import TEXT_FILES

CORPUS = (*TEXT_FILES, *SHEET_FILES)
