"""Operations of data migrations on the rows of a page's blocks. A migration that has run names them: they stay."""

from __future__ import annotations

from typing import Any

from django.utils.deconstruct import deconstructible
from wagtail.blocks.migrations.operations import BaseBlockOperation

from cms.blocks import legal_parts


@deconstructible
class RequirementFromText(BaseBlockOperation):
    """The plain text of a requirement becomes its words; a row that has parts is left alone."""

    operation_name_fragment = "requirement_from_text"

    def apply(self, block_value: Any) -> Any:
        if not isinstance(block_value, str):
            return block_value
        return {"text": block_value, "form": "", "copies": None, "where": ""}


@deconstructible
class RegulationFromText(BaseBlockOperation):
    """ "UU 25/2009 tentang Pelayanan Publik" becomes its parts; what is written otherwise stays whole."""

    operation_name_fragment = "regulation_from_text"

    def apply(self, block_value: Any) -> Any:
        return legal_parts(block_value) if isinstance(block_value, str) else block_value
