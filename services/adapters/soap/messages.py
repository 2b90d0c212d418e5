"""Envelopes: written for a call, opened when they come back. The answer is judged by the schemas before anything of it is used."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lxml import etree

from portal.lib import strict_xml
from services.adapters.documents.wsdl import CONTENT_TYPES, Call, Description
from services.adapters.documents.xsd import TEXT, Element
from services.adapters.soap import contents

ENVELOPES = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}
_WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE, WSU = f"{_WSS}wssecurity-secext-1.0.xsd", f"{_WSS}wssecurity-utility-1.0.xsd"
_TOKEN = f"{_WSS}username-token-profile-1.0#"
_SECURITY_CODES = frozenset(
    "FailedAuthentication FailedCheck InvalidSecurity InvalidSecurityToken UnsupportedSecurityToken SecurityTokenUnavailable "
    "UnsupportedAlgorithm MessageExpired".split()
)
_KINDS = {"Client": "client", "Sender": "client", "Server": "server", "Receiver": "server"}
_UNDERSTANDING = frozenset({"MustUnderstand", "VersionMismatch", "DataEncodingUnknown"})
TOKEN_MINUTES = 5


class WrongAnswer(ValueError):
    """An answer that is not what the WSDL says; the message says why, without its contents."""


@dataclass(frozen=True)
class Fault:
    """kind: client, server, security, understanding or other. `name`: of the element in its detail, which is `detail`."""

    kind: str
    code: str
    name: str = ""
    detail: Any = None
    text: str = ""


@dataclass(frozen=True)
class Token:
    """Who we are, for a WS-Security header. `digest`: the password itself is not sent. `timestamp`: with an expiry of its own."""

    username: str
    password: str
    digest: bool = False
    timestamp: bool = False


def headers(found: Description, call: Call) -> dict[str, str]:
    """The HTTP headers of a call."""
    kind = f"{CONTENT_TYPES[found.soap]}; charset=utf-8"
    action = call.action.replace('"', "")
    if found.soap == "1.2":
        return {"Content-Type": f'{kind}; action="{action}"' if action else kind, "Accept": CONTENT_TYPES["1.2"]}
    return {"Content-Type": kind, "Accept": CONTENT_TYPES["1.1"], "SOAPAction": f'"{action}"'}


def written(found: Description, call: Call, body: Mapping[str, Any], token: Token | None = None) -> bytes:
    """The envelope. Raises ContentError when the body is not what the WSDL asks for: nothing wrong is sent."""
    space = ENVELOPES[found.soap]
    envelope = etree.Element(f"{{{space}}}Envelope", nsmap={"soap": space})
    if token is not None:
        header = etree.SubElement(envelope, f"{{{space}}}Header")
        header.append(_security(token, space, datetime.now(UTC), secrets.token_bytes(16)))
    inner = etree.SubElement(envelope, f"{{{space}}}Body")
    if call.sent is not None:
        contents.write(inner, call.sent, body)
        if not found.schemas.is_right(inner[0]):
            wrong = ", ".join(name for _space, name in found.schemas.why_not(inner[0]))
            raise contents.ContentError(f"not as the WSDL says: {wrong[:200] or call.sent.name[1]}")
    elif body:
        raise contents.ContentError("this operation takes no values")
    made: bytes = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
    return made


def _security(token: Token, space: str, now: datetime, nonce: bytes) -> Any:
    created = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    security = etree.Element(f"{{{WSSE}}}Security", nsmap={"wsse": WSSE, "wsu": WSU})
    security.set(f"{{{space}}}mustUnderstand", "1")
    if token.timestamp:
        stamp = etree.SubElement(security, f"{{{WSU}}}Timestamp")
        etree.SubElement(stamp, f"{{{WSU}}}Created").text = created
        ends = now + timedelta(minutes=TOKEN_MINUTES)
        etree.SubElement(stamp, f"{{{WSU}}}Expires").text = ends.strftime("%Y-%m-%dT%H:%M:%SZ")
    part = etree.SubElement(security, f"{{{WSSE}}}UsernameToken")
    etree.SubElement(part, f"{{{WSSE}}}Username").text = token.username
    password = etree.SubElement(part, f"{{{WSSE}}}Password")
    password.set("Type", f"{_TOKEN}{'PasswordDigest' if token.digest else 'PasswordText'}")
    if token.digest:  # SHA-1 is what the profile names (Web Services Security UsernameToken Profile 1.1, 3.1)
        mixed = hashlib.sha1(nonce + created.encode() + token.password.encode(), usedforsecurity=False).digest()
        password.text = base64.b64encode(mixed).decode()
    else:
        password.text = token.password
    given = etree.SubElement(part, f"{{{WSSE}}}Nonce")
    given.set("EncodingType", f"{_WSS}soap-message-security-1.0#Base64Binary")
    given.text = base64.b64encode(nonce).decode()
    etree.SubElement(part, f"{{{WSU}}}Created").text = created
    return security


def opened(found: Description, call: Call, raw: bytes, content_type: str) -> Any:
    """What stands in the answer's element (an object), or a Fault. Raises WrongAnswer."""
    body = _body(found, raw, content_type)
    space = ENVELOPES[found.soap]
    if len(body) == 1 and body[0].tag == f"{{{space}}}Fault":
        return _fault(found, call, body[0], space)
    if call.answered is None:
        if len(body):
            raise WrongAnswer("the body should be empty")
        return {}
    if len(body) != 1:
        raise WrongAnswer(f"{len(body)} elements in the body instead of one")
    return _judged(found, call.answered, body[0])


def _body(found: Description, raw: bytes, content_type: str) -> Any:
    media, _, parameters = content_type.lower().partition(";")
    if media.strip() not in {CONTENT_TYPES[found.soap], "application/xml"}:
        raise WrongAnswer(f"the content type is not that of SOAP {found.soap}")
    try:
        root = strict_xml.parse(_decoded(raw, parameters))
    except strict_xml.InvalidXML as error:
        raise WrongAnswer(str(error)) from error
    space = ENVELOPES[found.soap]
    if root.tag != f"{{{space}}}Envelope":
        raise WrongAnswer(f"not an envelope of SOAP {found.soap}")
    bodies = [child for child in root if child.tag == f"{{{space}}}Body"]
    if len(bodies) != 1 or root[-1] is not bodies[0]:
        raise WrongAnswer("not one body at the end of the envelope")
    return bodies[0]


def _decoded(raw: bytes, parameters: str) -> bytes | str:
    """A charset in the header counts where the XML itself says nothing."""
    named = parameters.partition("charset=")[2].split(";")[0].strip(" \"'")
    if named in {"iso-8859-1", "windows-1252"} and not raw.lstrip().startswith(b"<?xml"):
        try:
            return raw.decode("latin-1" if named == "iso-8859-1" else "cp1252")
        except UnicodeDecodeError as error:
            raise WrongAnswer(f"not {named}") from error
    return raw


def _judged(found: Description, element: Element, node: Any) -> Any:
    name = etree.QName(node)
    if (name.namespace or "", name.localname) != element.name:
        raise WrongAnswer("another element than the operation's")
    if not found.schemas.is_right(node):
        wrong = ", ".join(one for _space, one in found.schemas.why_not(node))
        raise WrongAnswer(f"not as the WSDL says: {wrong[:200] or element.name[1]}")
    value = contents.read(node, element.shape)
    return value if isinstance(value, dict) else {TEXT: value}


def _fault(found: Description, call: Call, node: Any, space: str) -> Fault:
    if found.soap == "1.1":
        codes = [_code(node.findtext("faultcode"))]
        text, detail = node.findtext("faultstring"), node.find("detail")
    else:
        codes = [_code(one.text) for one in node.iterfind(f".//{{{space}}}Value")][:5]
        text, detail = node.findtext(f"{{{space}}}Reason/{{{space}}}Text"), node.find(f"{{{space}}}Detail")
    names = [code.split(".")[0] for code in codes]
    kind = next((_KINDS[name] for name in names if name in _KINDS), "other")
    if _SECURITY_CODES & {part for code in codes for part in code.split(".")}:
        kind = "security"
    elif _UNDERSTANDING & set(names):
        kind = "understanding"
    name, value = "", None
    if detail is not None and len(detail):
        child, named = detail[0], etree.QName(detail[0])
        name = named.localname
        declared = call.faults.get((named.namespace or "", name))
        shape = declared.shape if declared is not None and found.schemas.is_right(child) else None
        value = contents.read(child, shape) if shape is not None else contents.read_anything(child)
    return Fault(kind, ".".join(filter(None, codes))[:60], name[:60], value, text or "")


def _code(text: str | None) -> str:
    return (text or "").strip().rpartition(":")[2]
