from tests.accounts.factors.conftest import newcomer, no_guess_is_remembered, resident, sri

__all__ = ["newcomer", "no_guess_is_remembered", "resident", "sri"]
