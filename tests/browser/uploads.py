"""A district's files as its office has them, taken in by the page."""

import gzip
from pathlib import Path

from playwright.async_api import Page

from deploy.local.first_start import SAMPLE


def of_district(code: str, name: str, file: str, folder: Path) -> Path:
    """Write a file of the sample as the file of the district with this code and name, unpacked; return it."""
    content = (SAMPLE / file).read_bytes()
    plain = gzip.decompress(content) if file.endswith(".gz") else content
    written = folder / file.removesuffix(".gz")
    written.write_bytes(plain.replace(b"510115", code.encode()).replace("温江区".encode(), name.encode()))
    return written


async def upload(page: Page, kind: str, file: Path) -> None:
    """Import a file by the page, and go to where it is followed."""
    await page.goto(f"/staff/imports/new/{kind}")
    await page.get_by_label("把文件拖到这里").set_input_files(file)
    await page.get_by_role("button", name="导入", exact=True).click()
    await page.wait_for_url("**/staff/imports/*/*-*")
