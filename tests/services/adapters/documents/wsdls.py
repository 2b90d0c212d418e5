"""Small WSDLs for tests: one operation `Op` that takes the element t:Masuk and answers with t:Keluar."""

from __future__ import annotations

XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'


def schema(inside: str, namespace: str = "urn:t", form: str = "qualified") -> str:
    target = f' targetNamespace="{namespace}"' if namespace else ""
    return f'<xs:schema {XS}{target} elementFormDefault="{form}">{inside}</xs:schema>'


def wsdl(types: str, *, more: str = "") -> str:
    """`types`: what stands in the schema of the namespace t. `more`: other schemas."""
    return f"""<wsdl:definitions name="Uji" targetNamespace="urn:t" xmlns:t="urn:t" xmlns:b="urn:b" {XS}
 xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
 xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/">
<wsdl:types>{more}{schema(types)}</wsdl:types>
<wsdl:message name="M"><wsdl:part name="isi" element="t:Masuk"/></wsdl:message>
<wsdl:message name="K"><wsdl:part name="isi" element="t:Keluar"/></wsdl:message>
<wsdl:portType name="P"><wsdl:operation name="Op"><wsdl:input message="t:M"/><wsdl:output message="t:K"/></wsdl:operation></wsdl:portType>
<wsdl:binding name="B" type="t:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<wsdl:operation name="Op"><soap:operation soapAction=""/>
<wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output></wsdl:operation></wsdl:binding>
<wsdl:service name="S"><wsdl:port name="Port" binding="t:B"><soap:address location="http://tempuri.org/"/></wsdl:port></wsdl:service>
</wsdl:definitions>"""
