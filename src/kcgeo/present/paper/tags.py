"""Tags of a PDF: language, one element a page with its words or its alternative text, in reading order.

What a reader program needs to read a page aloud. The files are tagged and say their language; they do not claim to meet
PDF/UA, which asks for a check by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["tag"]


def tag(writer: Any, pages: Sequence[tuple[str, str]], *, language: str = "en-US") -> None:
    """Tag a file whose pages each hold one piece of marked content with the number 0.

    Parameters
    ----------
    writer
        A ``pypdf.PdfWriter`` whose pages are complete.
    pages
        Kind (``P`` or ``Figure``) and words of each page; the words of a figure are its alternative text.
    language
        As BCP 47 names it.
    """
    from pypdf.generic import (
        ArrayObject,
        BooleanObject,
        DictionaryObject,
        NameObject,
        NumberObject,
        TextStringObject,
    )

    root = writer._root_object
    tree = DictionaryObject({NameObject("/Type"): NameObject("/StructTreeRoot")})
    tree_at = writer._add_object(tree)
    document = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/StructElem"),
            NameObject("/S"): NameObject("/Document"),
            NameObject("/P"): tree_at,
        }
    )
    document_at = writer._add_object(document)
    parts, parents = ArrayObject(), ArrayObject()
    for number, ((kind, said), page) in enumerate(zip(pages, writer.pages, strict=True)):
        element = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/StructElem"),
                NameObject("/S"): NameObject(f"/{kind}"),
                NameObject("/P"): document_at,
                NameObject("/Pg"): page.indirect_reference,
                NameObject("/K"): NumberObject(0),
                NameObject("/Alt" if kind == "Figure" else "/ActualText"): TextStringObject(said),
            }
        )
        element_at = writer._add_object(element)
        parts.append(element_at)
        page[NameObject("/StructParents")] = NumberObject(number)
        page[NameObject("/Tabs")] = NameObject("/S")
        parents += [NumberObject(number), writer._add_object(ArrayObject([element_at]))]
    document[NameObject("/K")] = parts
    tree[NameObject("/K")] = document_at
    tree[NameObject("/ParentTree")] = writer._add_object(DictionaryObject({NameObject("/Nums"): parents}))
    root[NameObject("/StructTreeRoot")] = tree_at
    root[NameObject("/MarkInfo")] = DictionaryObject({NameObject("/Marked"): BooleanObject(True)})
    root[NameObject("/Lang")] = TextStringObject(language)
    root[NameObject("/ViewerPreferences")] = DictionaryObject({NameObject("/DisplayDocTitle"): BooleanObject(True)})
