"""Every environment variable that a program of the project reads: tests begin without them."""

from page.settings import ENVIRONMENT as OF_PAGE
from relay.handoff.settings import ENVIRONMENT as OF_STAGES
from serve.settings import ENVIRONMENT as OF_SERVE

VARIABLES = {**OF_STAGES, **OF_PAGE, **OF_SERVE}
