"""The gate beside the editor: what a page still needs before it may be public."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy
from wagtail.admin.ui.side_panels import BaseSidePanel

from cms import checks


class GatePanel(BaseSidePanel):
    """What the page still needs before it may be public, each line with the way to its field."""

    class SidePanelToggle(BaseSidePanel.SidePanelToggle):
        aria_label = gettext_lazy("Tampilkan yang perlu sebelum terbit")
        icon_name = "tasks"
        counter_classname = "w-bg-critical-200"

        def get_context_data(self, parent_context: Any) -> dict[str, Any]:
            context: dict[str, Any] = super().get_context_data(parent_context)
            context["count"] = len(checks.problems(self.panel.object))
            return context

    name = "gate"
    title = gettext_lazy("Siap terbit?")
    template_name = "cms/admin/gate_panel.html"
    order = 50

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        parts = checks.checklist(self.object)
        missing = sum(not part.done for part in parts)
        return {**super().get_context_data(parent_context), "parts": parts, "missing": missing}
