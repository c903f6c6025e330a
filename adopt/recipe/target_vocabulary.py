"""Words in the names and cells of what is to be learned, and of what describes a row, in several languages."""

from adopt.recipe.words import list_words

NAMED = list_words(
    "target label class klasse outcome response zielvariable ziel zielgröße zielgroesse zielwert targetvalue "
    "dependent depvar groundtruth truth diagnosis diagnose diagnostik targetclass classlabel y zielklasse zielspalte "
    "ytrue cible étiquette etiquette objetivo etiqueta clase obiettivo etichetta doel klasa etykieta etikett alvo "
    "rótulo rotulo depvariable yvar targetvariable rul"
)
"""Whole names that say that this is what is to be learned."""

DESCRIBING = list_words("class klasse label labels response outcome diagnosis diagnose clase classe klasa cible")
"""Certain names that may also say which group a row is of, such as a class of a school or of a seat."""

CLASSES = list_words(
    "churn churned exited attrition survived survival default defaulted dlqin dlqin2yrs delinquent fraud fraudulent "
    "isfraud spam isspam phishing malware malicious clicked click converted conversion convert purchased purchase "
    "bought subscribed deposit kündigung gekündigt kuendigung gekuendigt abgewandert abwanderung ausgefallen ausfall "
    "storno storniert species sentiment approved approve approval readmitted malignant benign died death deceased "
    "verstorben gestorben failure failed defekt defective fehlerhaft anomaly outlier hired poisonous risk "
    "kreditrisiko risiko bonität creditability cancelled canceled noshow turnover leaver fluktuation satisfied "
    "zufrieden rückfall relapse returned retourniert escalated verspätet responder responded faulty störung gestört "
    "damaged beschädigt recurrence recur complication komplikation result ergebnis verdict decision entscheidung "
    "released admitted denied deny vote bestanden occupancy severity schweregrad hate toxic sarcastic overdue "
    "überfällig abgelehnt genehmigt mortality arrest arrested recidivism recid recidivist rearrest reoffended "
    "reoffend convicted promoted placed placement bankrupt bankruptcy insolvent insolvency insolvenz konkurs lapsed "
    "lapse surrendered uninstalled unsubscribed unsubscribe retention retained reordered expire expired breakdown "
    "malfunction stillstand ausschuss potability potable transported recurred disposition classification "
    "klassifikation klassifizierung classificação segmentation grav gravité gravite gravedad gravità gravita "
    "résiliation resiliation résilié desabonnement désabonnement abandono fuga disdetta rezygnacja odejście odejscie "
    "oszustwo opzegging opgezegd uppsagd frode fraude impago moroso incumplimiento inadimplente inadimplência "
    "inadimplencia evasão evasao insolvenza défaut resultado résultat resultat esito wynik uitkomst utfall survécu "
    "survecu sobrevivió sobrevivio décès deces approvato aprobado aceptado reject hospitalized hospitalised infected "
    "intubated recovered progressed responders ftr "
    "alarm ukategorie unfallkategorie unfallschwere unfallfolge verletzungsschwere accidentseverity "
    "success successful admit"
)
"""Words in the names of classes that are often to be learned, the last word counting most."""

ILLNESSES = list_words(
    "stroke disease heartdisease cardio diabetes diabetic cancer depression anxiety chd cvd hypertension anaemia "
    "krank pneumonia sepsis copd asthma alzheimer parkinson dementia malaria tuberculosis covid anemia arrhythmia "
    "seizure obesity osteoporosis schlaganfall demenz krebs"
)
"""Last words that are what is to be learned in the last column or the first, and otherwise an illness before."""

PLAIN_CLASSES = list_words(
    "paid unpaid bezahlt unbezahlt late delayed won winner win passed edible kredit exit left quit fail fault defect "
    "improved case direction outcome volunteer gewonnen siegreich versetzt aufgestiegen injured fatal legendary "
    "actiontaken"
)
"""Whole names of what may as well describe a row."""

STRONG = list_words(
    "churn churned exited attrition survived default defaulted dlqin2yrs fraud spam readmitted gekündigt kündigung "
    "kuendigung abgewandert satisfied satisfaction zufriedenheit zufrieden recommend empfehlen weiterempfehlen "
    "weiterempfehlung subscribed recidivism fraudulent"
)
"""Words that say so anywhere in a name, also in a question: `How likely are you to recommend us?`."""

SCALES = list_words(
    "satisfied satisfaction zufriedenheit zufrieden recommend empfehlen weiterempfehlen weiterempfehlung risk risiko"
)
"""Those of them that may be numbers, too."""

KINDS = list_words(
    "labels grade category kategorie art variety sorte cultivar genre type typ weather status state zustand y result"
)
"""Last words of what tells kinds of rows apart: they say something of the last column only."""

STATES = list_words("status zustand stage phase")
"""Last words that say how something stands."""

IN_STATES = list_words(
    "loan order payment claim application final credit account machine subscription health ticket case delivery "
    "policy booking kredit auftrags zahlungs rechnungs antrags bestell liefer vertrags lead lifecycle deal "
    "opportunity pipeline issue reservation registration membership employment contract proposal visa bewerbungs "
    "antrag reservierungs"
)
"""Words before those of states that make them what often is to be learned: `loan_status`, not `marital_status`."""

CONTRACTS = list_words(
    "loan credit application claim subscription account membership registration reservation booking visa kredit antrags"
)
"""Those of them that end in a decision or a loss."""

KINDS_OF_CASES = list_words(
    "stage priority priorität prioritaet urgency dringlichkeit tickettype tickettyp issuetype casetype requesttype "
    "ticketcategory leadstage dealpriority ticketpriority casepriority vorgangsstatus cause ursache rootcause "
    "unfallursache brandursache statcause failurecause causedescr causedescription statcausedescr"
)
"""Whole names of how a case stands or of what kind it is: to be learned where nothing else says what is."""

NUMBERS = list_words(
    "price preis kaufpreis verkaufspreis saleprice medv miete kaltmiete warmmiete rent salary gehalt charges costs "
    "kosten cost premium sales umsatz revenue erlös demand nachfrage bedarf verbrauch consumption usage mpg strength "
    "rings quality qualität g3 score rating satisfaction zufriedenheit recommend weiterempfehlung weiterempfehlen nps "
    "cnt rented rentals quantity menge absatz yield ertrag load last output value wert amount betrag duration dauer "
    "progression viewers shares popularity wage wages lohn earnings energie energy note endnote points punkte overall "
    "total ctr ltv clv lifetime profit gewinn tip ridership ozone gpa expectancy fare prix preço preco precio prezzo "
    "cena prijs pris valeur loyer alquiler affitto czynsz huur salaire salario salário stipendio pensja salaris lön "
    "vente ventes ventas vendite sprzedaż sprzedaz omzet chiffre erloes consommation consumo zużycie zuzycie verbruik "
    "rendement rendimiento resa plon mag magnitude pm25 pm10 aqi fertility bodyfat "
    "appliances enrollment enrolment attendance turnout lifeexp gross purchase absenteeism fehltage fehlzeiten "
    "biomass circumference spent spending spend expenses expenditure ausgaben delay verspätung verspaetung retard "
    "retraso emissions emission solubility ic50 pic50 logp logd bandgap toughness hardness uptake damage damages "
    "verlust schaden schadenhöhe schadensumme totaalbedrag umsatzerlöse traffic laptime yields "
    "chance"
)
"""Words in the names of numbers that are often to be learned."""

MILD = list_words(
    "amount betrag value wert total output load points punkte duration dauer usage cost costs kosten premium valeur "
    "valor importe importo monto kwota bedrag montant gross magnitude expenses expenditure ausgaben attendance "
    "pm25 pm10 aqi  "
    "quantity menge"
)
"""Those of them that are as often inputs."""

COUNTS = list_words(
    "count counts cases claims deaths incidents accidents visits visitors besucher births bikers riders fälle unfälle "
    "faelle unfaelle rides trips orders bookings buchungen bestellungen fahrten passengers fahrgäste fahrgaeste "
    "suicides crimes arrests killed injuries fatalities infections conversions enrollments dropouts goals "
    "failures defects complaints faults selbstmorde verletzte tote infektionen pedestrians cyclists vehicles "
    "purchases "
    "stimmen voix votos"
)
"""Whole names of what is counted."""

SUMS = list_words("count counts cnt anzahl total volume number num no")
"""Last words of names of what is counted: `Rented Bike Count`."""

COUNTED = list_words(
    "rented rental rentals bike bikes ride rides trip trips order orders booking bookings sale sales sold visit "
    "visits visitor visitors customer customers user users pedestrian pedestrians vehicle vehicles traffic demand "
    "case cases call calls arrival arrivals admission admissions accident accidents "
    "occupancy footfall unit units item items ticket tickets absent "
    "passenger people persons"
)
"""Words before those of what people count to foretell it."""

SOLD = list_words(
    "sale sales selling house haus median total final kauf verkauf verkaufs gesamt weekly daily monthly yearly annual "
    "hourly net gross netto brutto obs life course exam end average avg actual fare taxi trip crop corn wheat grain "
    "rice purchase resale market hedonic claim damage ticket flight rental property overall "
    "tip"
)
"""Words before those of numbers that make them what a thing is worth in the end."""

GERMAN_HEADS = (
    "note", "preis", "miete", "umsatz", "gehalt", "verbrauch", "dauer", "ergebnis", "bedarf", "erlös", "netzlast",
)  # fmt: skip
"""Last parts of German compounds that are often to be learned: `Zeugnisnote`."""

MONEY = list_words(
    "price preis salary gehalt wage wages sales umsatz revenue erlös cost costs kosten lohn fare amount prix preço "
    "preco precio prezzo cena prijs pris salaire salario stipendio loyer ventas ventes purchase profit gewinn spent"
)
"""Words in the names of numbers that, in words, are something else: a class of prices, a department."""

FUTURE = list_words("next tomorrow future upcoming nächste naechste folgende morgen")
"""Words in the names of what lies ahead, which is not known when a model is asked."""

NEVER = list_words(
    "lat latitude lon lng longitude zip plz postcode postal street strasse straße phone telefon email mail url link "
    "name vorname nachname firstname lastname title titel comment comments kommentar kommentare bemerkung bemerkungen "
    "description beschreibung notes notiz notizen text texte buchungstext freitext info infos memo remark remarks "
    "hinweis anmerkung anmerkungen details betreff subject verwendungszweck zweck city ort stadt country land county "
    "gender sex geschlecht age alter location place site venue suburb neighborhood neighbourhood race ethnicity "
    "nationality region state bundesland province district bezirk continent religion education bildung occupation "
    "beruf married marital children kids kinder smoke smoker raucher year jahr quarter quartal month monat week woche "
    "weekday wochentag day tag date datum hour stunde minute second time zeit timestamp season seasons saison months "
    "weekdays holidays countries regions weekend holiday feiertag night nacht morning treatment trt dose dosis diet "
    "diät group gruppe block replicate batch subject id ids nr uuid number nummer index rank rang code color colour "
    "farbe size größe brand marke manufacturer hersteller model modell make currency währung unit einheit version "
    "source quelle language sprache origin tz timezone elevation altitude train test split fold partition dataset "
    "subset treat treated arm store filiale shop owner owners contact contacts company companies assignee reporter "
    "requester submitter author creator agent inhaber inhaberin ansprechpartner firma unternehmen bearbeiter "
    "bearbeiterin autor autorin dates names urls links position tags units einheiten capita population latitud "
    "longitud länge breite latitudine longitudine ville pays pais país paese kraj miasto ciudad commune département "
    "departement comune provincia sexe sexo genere płeć plec geslacht âge edad età eta wiek leeftijd année annee año "
    "ano anno rok jaar mois mes mese jour día dia giorno fecha data heure hora ora godzina nom nombre apellido prénom "
    "prenom cognome imię imie nazwisko commentaire observaciones observations uwagi opmerking opmerkingen couleur "
    "marque modèle modele seed lang locale device browser platform os id_number "
    "iso iso2 iso3 isocode alpha2 alpha3 fips nuts geo period periode zeitraum"
)
"""Words in the names of what describes a row."""

ADJECTIVE = list_words(
    "gene protein sequence temperature temp setpoint pressure speed audience market segment file path"
)
"""Last words before which `target` says of what something is, besides those of what describes a row."""

CURRENCIES = list_words(
    "eur euro euros usd gbp chf dollar dollars pounds cent k€ pln sek nok dkk czk brl inr jpy cny €"
)
"""Last words of names that are units: `price_eur` is a price."""

MARKS = list_words("event flag flg status yn ind binary code")
"""Last words that say of what kind the cells are: `death_event`, `fraud_flag`."""

ASKING = list_words("is has was ist hat war")
"""First words of yes and no."""

PER = list_words("per pro je")
"""Words in the names of rates: `price_per_m2` is what is known when the price is."""

EXTREMES = list_words(
    "min max minimum maximum lowest highest avg average mean median std list original previous prev lag "
    "rolling expected planned budget plan soll competitor unit "
    "unitario unitaire unitário"
)
"""Words before those of numbers that make them one of several summaries, or what was before."""

OUTCOMES = list_words(
    "good bad default defaulted charged churned malignant benign positive negative pos neg pass passed fail failed "
    "failure spam ham approved rejected denied declined accepted survived died alive dead deceased fraud legit "
    "genuine win won loss lose lost success successful succeeded unsuccessful healthy diseased sick disease normal "
    "abnormal anomaly attack defect defective ok nok nio poisonous edible cancelled canceled completed delivered "
    "returned fired promoted recovered relapsed dropout graduate gut schlecht krank gesund gestorben verstorben "
    "gekündigt gekuendigt storniert abgeschlossen abgelehnt genehmigt bestanden erfolg positiv negativ reverted "
    "refused ckd notckd reject lapsed churn retained stayed left fake bankrupt solvent fatal survive deny grant "
    "granted unpaid overdue late ontime cancel noshow aprobado rechazado accepté refusé accepte refuse approuvé "
    "rejeté malade sain zdrowy chory odrzucony zaakceptowany ziek gezond "
    "placed unplaced"
)
"""Words in cells that say how something ended."""

HIT = list_words("hit reached met exceeded missed below above to")
"""Words before `target` that make it a mark that was set, such as `Hit target`."""

HISTORY = list_words("history hist previous prior past prev former earlier ever file letzte vorige frühere")
"""Words in the names of what happened before: `default_on_file`, `prior_default`."""

LEVELS = list_words("range band category level bucket bin tier klasse stufe")
"""Last words of numbers in classes, such as `price_range`."""

TRUTHS = list_words("gt")
"""Last words of what was measured as the truth: `C6H6(GT)`."""

DEMANDED = list_words(
    "sales umsatz revenue erlös profit gewinn demand nachfrage absatz ventas ventes vendite omzet sprzedaż sprzedaz"
)
"""Whole names of numbers that follow from a price: they come before it."""

HEADS_FIRST = list_words(
    "prix precio preço preco prezzo valeur salaire salario salário loyer alquiler affitto ventes ventas vendite "
    "consommation consumo rendement rendimiento"
)
"""First words of names in languages that put the noun first: `valeur_fonciere`."""

UNITS = list_words("kw mw gw kwh mwh w wh pct percent prozent kg g lb lbs km cm mm ml l m2 sqm qm mpa psi")
"""Last words of names that are units of measurement: `load_mw`."""

SCORES = list_words("score rating points punkte quality usage cost costs kosten output index")
"""Words of numbers that are as often known before, such as the scores of a test."""
