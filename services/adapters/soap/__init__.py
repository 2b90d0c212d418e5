"""SOAP over the portal's own transport: values into messages, messages into values, both judged by the WSDL's schemas.

No foreign SOAP client sends or reads anything here: common ones take wrong answers for good ones.
"""
