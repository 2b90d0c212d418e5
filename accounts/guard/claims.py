"""Whose an e-mail address is. Whoever signs up only claims the address: until its owner has proved it, all that was chosen with
the claim (password, name) may be a stranger's, who waits for the owner to come by and bring life into the account.

So: a confirmed address names its account, and nobody else's does; a claim names the account of the claim only while nothing of
that account was ever proved; the first proof by another browser than the one that claimed takes the password away; a newer
claim replaces an older one.
"""

from __future__ import annotations

from allauth.account.internal.stagekit import unstash_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.http import HttpRequest

from accounts.codes.models import SignInNumber
from accounts.models import User
from accounts.sso.endings import end_everything

_CLAIMED = "claimed_account"  # in a session: the account that was made here


def is_proved(user: User) -> bool:
    """Has anybody ever shown that this account is theirs: by a confirmed address, a number, the national identity?"""
    return (
        EmailAddress.objects.filter(user=user, verified=True).exists()
        or SignInNumber.objects.filter(user=user).exists()
        or SocialAccount.objects.filter(user=user).exists()
    )


def owner_of(email: str) -> User | None:
    """Who signs in by what is sent to this address; None for nobody, and for somebody whose account is closed."""
    email = email.lower()
    confirmed = EmailAddress.objects.select_related("user").filter(email=email, verified=True).first()
    if confirmed is not None:
        return confirmed.user if confirmed.user.is_active else None
    claim = _claim_of(email)
    return claim if claim is not None and claim.is_active else None


def _claim_of(email: str) -> User | None:
    """The account that was made with this address and that nothing of was proved since."""
    claim = User.objects.filter(email=email).first()
    return claim if claim is not None and not is_proved(claim) else None


def claimed_here(request: HttpRequest, user: User) -> None:
    """This browser has just made the account."""
    request.session[_CLAIMED] = user.pk


def _is_same_hand(request: HttpRequest, user: User) -> bool:
    """Has this browser made the account, or shown its password just now?"""
    login = unstash_login(request, peek=True)
    return request.session.get(_CLAIMED) == user.pk or (login is not None and login.user == user)


@transaction.atomic
def first_proof(request: HttpRequest, user: User) -> bool:
    """Called before anything of an account is proved. True: it was claimed elsewhere, so its password is gone now, and whatever
    else whoever claimed it may have left behind."""
    user = User.objects.select_for_update().get(pk=user.pk)
    if is_proved(user) or request.user == user or _is_same_hand(request, user):
        return False
    user.set_unusable_password()
    user.save(update_fields=["password"])
    Authenticator.objects.filter(user=user).delete()
    end_everything(user)
    return True


def may_confirm(request: HttpRequest, address: EmailAddress) -> bool:
    """An address that was added to an account in use is confirmed by whoever is signed in to that account: its owner alone would
    be drawn into a stranger's account."""
    return request.user == address.user or not is_proved(address.user)


def forget_claims_on(address: EmailAddress) -> None:
    """Its owner has proved it: what others claimed is over."""
    EmailAddress.objects.filter(email=address.email, verified=False).exclude(pk=address.pk).delete()


@transaction.atomic
def make_room(email: str) -> bool:
    """Somebody signs up with this address. False: it is somebody's. True: it is free; an older claim that nobody has ever used is gone."""
    email = email.lower()
    if EmailAddress.objects.filter(email=email, verified=True).exists():
        return False
    holder = User.objects.select_for_update().filter(email=email).first()
    if holder is None:
        return True
    if is_proved(holder) or holder.last_login is not None or holder.is_superuser or holder.groups.exists():
        return False
    holder.delete()
    return True
