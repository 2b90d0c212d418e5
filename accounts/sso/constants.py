"""Names in a session."""

SID = "sso_sid"  # of the sign-on session, as apps know it
TARGET = "sso_target"  # where forms of the sign-in may lead in the end: read by the content security policy
