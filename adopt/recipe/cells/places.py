"""Codes of countries and continents, among which NA is Namibia or North America."""

from collections.abc import Sequence

_COUNTRIES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV "
    "BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH EL ER "
    "ES ET EU FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU "
    "ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU "
    "LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NC NE NF NG NI NL NO NP NR "
    "NU NZ OC OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK "
    "SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UK UM US UY UZ "
    "VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "
)
COUNTRIES = frozenset(_COUNTRIES.split())
"""ISO 3166-1 alpha-2 without NA, the continents beside it, and two codes that the European Union uses."""

FEWEST, MANY = 3, 10
"""Different codes: of known countries, and of two capital letters."""


def are_places(words: Sequence[tuple[str, int]]) -> bool:
    """Whether words, other than NA, are codes of countries or continents."""
    others = [word for word, _ in words if word != "NA"]
    if len(others) >= MANY and all(len(word) == len("NA") and word.isalpha() and word.isupper() for word in others):
        return True
    return len(others) >= FEWEST and all(word in COUNTRIES for word in others)
