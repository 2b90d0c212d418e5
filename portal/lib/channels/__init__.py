"""Senders of messages to people: e-mail, and short messages (SMS, WhatsApp)."""

from portal.lib.channels.mail import send_mail_message
from portal.lib.channels.short import Channel, channel, offered, send_short_message

__all__ = ["Channel", "channel", "offered", "send_mail_message", "send_short_message"]
