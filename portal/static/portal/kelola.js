// The date and time fields of the back office, started without an inline script (the content security policy refuses those).
// Blocks that are added later come with their own templates: they are found as they arrive.
(function () {
  "use strict";
  var starters = { date: "initDateChooser", time: "initTimeChooser", datetime: "initDateTimeChooser" };

  function start(template) {
    var begin = window[starters[template.dataset.chooser]];
    if (!begin || !document.getElementById(template.dataset.chooserField)) return;
    begin(template.dataset.chooserField, JSON.parse(template.dataset.chooserOptions));
    template.remove();
  }

  function startAll() {
    document.querySelectorAll("template[data-chooser]").forEach(start);
  }

  // The checklist beside the editor: what a line leads to gets the focus, whatever kind of field it is.
  document.addEventListener("click", function (event) {
    var line = event.target.closest && event.target.closest("[data-gate-field]");
    if (!line) return;
    var name = line.dataset.gateField;
    var place = document.getElementById("id_" + name) || document.querySelector('[name="' + name + '-count"]');
    if (!place) return;
    event.preventDefault();
    var section = place.closest("section, .w-panel") || place;
    var seen = place.type === "hidden" || !place.getClientRects().length ? section : place;
    seen.scrollIntoView({ block: "center" });
    if (seen === place && place.focus) place.focus();
    else {
      var inside = section.querySelector("button, input:not([type=hidden]), textarea, select");
      if (inside) inside.focus();
    }
  });

  document.addEventListener("DOMContentLoaded", function () {
    startAll();
    new MutationObserver(startAll).observe(document.body, { childList: true, subtree: true });
  });
})();
