"""Somebody of a household, as a file shows them and as a form has them."""

from pydantic import BaseModel


class Person(BaseModel):
    """Somebody of a household, in clear."""

    name: str = ""
    category: str = ""
    phone: str = ""
    note: str = ""
