"""Every environment variable that a program of the project declares: tests begin without them."""

from page.settings import VARIABLES as OF_PAGE
from relay.handoff.settings import VARIABLES as OF_STAGES
from serve.settings import VARIABLES as OF_SERVE

VARIABLES = {variable.name: variable for variable in (*OF_STAGES, *OF_PAGE, *OF_SERVE)}
