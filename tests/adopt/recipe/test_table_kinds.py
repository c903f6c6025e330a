"""Logs, journals and surveys have no target by place, and names in several languages tell the target of others."""

import pytest
from test_target_choice import choose, guess

NONE = [
    "Date:d Payee:c9 Account_number:c8 Payment_reference:t Amount_(EUR):m Exchange_Rate:f",
    "Fecha:d Concepto:c9 Importe:m Saldo:f",
    "Date:d Libellé:c9 Débit:f Crédit:f Solde:f",
    "Created:d SKU:c9 Billing_City:c5 Shipping:f Currency:c2 Quantity:i Total:f",
    "Belegdatum:d Buchungstext:c9 Betrag:f Konto:i Gegenkonto:i Status:offen/bezahlt",
    "time:d co2:i humidity:i battery:f temperature:f data_rate:c2",
    "Zeitstempel:d Wirkleistung_[kW]:f Blindleistung_[kvar]:f Spannung_[V]:f Status:W/E",
    "time_[s]:r force_[N]:f distance_[mm]:f temperature_[C]:f",
    "Which_team?:c3 How_old_are_you?:c4 Which_sport?:c3",
    "G01Q01:i G01Q02:c4 G02Q03[SQ001]:c5 G02Q03[SQ002]:c5",
]
CLEAR = [
    ("barrio:c5 habitaciones:i metros:i planta:i precio:i", "precio"),
    ("age:i gender:c2 offre:c3 montant:f résiliation:oui/non", "résiliation"),
    ("wiek:i plec:c2 cisnienie:i wynik:zdrowy/chory", "wynik"),
    ("battery:i ram:i width:i weight:f price_range:e4", "price_range"),
    ("age:i rbc:normal/abnormal pc:normal/abnormal sugar:i classification:ckd/notckd", "classification"),
    ("name:c9 stay:i response:c3 dose:f age:i recurred:no/yes", "recurred"),
    ("unit:c9 kind:Member/Normal price:f rating:f", "rating"),
    ("time:d a:f b:f c:f d:f e:f Pass/Fail:b", "Pass/Fail"),
]
ASKED = [
    ("date:d AveragePrice:f total_volume:f type:e2 region:c3", "AveragePrice"),
    ("group:c5 lunch:c2 preparation:none/completed math_score:i reading_score:i writing_score:i", "writing_score"),
    ("age:i grade:c4 loan_amnt:i loan_status:b default_on_file:b", "loan_status"),
    ("reason:c9 Hit_target:i son:i weight:i Absenteeism_time_in_hours:i", "Absenteeism_time_in_hours"),
    ("fare_amount:f longitude:f latitude:f passenger_count:c5", "fare_amount"),
    ("date:d valeur_fonciere:i type_local:c2 surface:i longitude:f", "valeur_fonciere"),
    ("date:d store:c5 Units_Sold:i Price:f discount:f Seasonality:c4", "Units_Sold"),
    ("speed:i dist:i", "dist"),
    ("date:d temp:f", "temp"),
    ("date:d load_mw:f temp:f wind:f rain:f", "load_mw"),
    ("species:c5 length:f width:f height:f depth:f", "species"),
]


@pytest.mark.parametrize("header", NONE)
def test_logs_journals_and_surveys_have_no_target_by_place(header: str) -> None:
    assert choose(header) == ("", True)


@pytest.mark.parametrize(("header", "expected"), CLEAR, ids=[target for _, target in CLEAR])
def test_a_strong_name_beats_what_may_be_known_before(header: str, expected: str) -> None:
    assert choose(header)[0] == expected


@pytest.mark.parametrize(("header", "expected"), ASKED, ids=[target for _, target in ASKED])
def test_a_weak_name_is_chosen_and_asked(header: str, expected: str) -> None:
    assert choose(header) == (expected, True)


def test_fraud_in_a_journal_is_still_learned() -> None:
    header = "Date:d Merchant:c9 Currency:c3 Fee:f Billing_Country:c5 Amount:f is_fraud:b"
    assert choose(header) == ("is_fraud", False)


def test_what_an_entry_of_a_journal_is_says_why_there_is_no_target() -> None:
    found = guess(NONE[0])
    assert "entries of a journal" in found.notes[0].text
