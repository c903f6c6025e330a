"""Further words in the names of what is to be learned, and those of what is known before it."""

from adopt.recipe.words import list_words

ENDS = list_words(
    "bad badloan goodbad isbad npl chargeoff chargedoff arrears attack attackcat intrusion botnet intruder sick ill "
    "survive alive dead event mace relapse relapsed metastasis biopsy tumor tumour malignancy readmission infection "
    "caesarian cesarean preterm lowbirthweight leave resigned terminated termd attrited selected shortlisted "
    "recruited enrolled graduated dropout completed completion wins win victory playoffs medal buy buyer interested "
    "opened reordered refunded attended acceptance accepted accept litigated claimed claim scam genuine counterfeit "
    "authentic duplicate duplicated donated donation voted poisonous hazardous safe faults broken functional crash "
    "backorder stockout occupied flood drought landslide stability stable stabf transported recommended liked "
    "favorite favourite happy happiness wellbeing depressed stress burnout addiction overweight nobeyesdad emotion "
    "topic intent genre prognosis disorder cluster activity gesture posture digit letter lettr crop results finding "
    "findings cover attributed outcometype toxicity hospitaldeath arrests search ended dispute disputed retention "
    "party winner verunfallt ausfälle liefertreue reklamation beschwerde austritt kreditwürdig zahlungsausfall "
    "mahnung erfolgreich abandon départ churné acheté rendu reussite réussite échec compra comprado baja morosidad "
    "superado falecido cancelado compró acquisto abbandonato zakup kupił frühstorno wechsel"
)
"""Last words of what happens or turns out: `went_on_backorder`, `blueWins`, `critical_illness_claim`."""

NUMBER_ENDS = list_words(
    "yield production productivity throughput efficiency strength strenght roughness elongation viscosity resistance "
    "affinity pki ki kd concentration nox no2 co2 pm ozone calories bikers riders visitors downloads installs upvotes "
    "retweets views likes followers engagement popularity stars rating ratings score scores points marks grade g3 "
    "index prestige performance result pay basepay compensation compensations salaries earning bonus income wages "
    "charges payment payments claimamount claimnb payout loss losses severity fare tip rent price prices cost fee "
    "value worth valuation revenue sales turnover profit margin gross boxoffice spend spent expenditure purchase "
    "demand load consumption usage power generation output delay taken los stay wait rul lifetime survival expectancy "
    "mortality fertility deaths crimes crime suicides casualties injured killed accidents volume traffic flow "
    "discharge streamflow close closing return returns volatility bodyfat rings weight mpg mileage emissions emission "
    "magnitude mag turnout votes biomass carbon rainfall temperature aqi gpa cgpa sat nkill affairs balance ncases "
    "loudness incidence density belegt auslastung ertrag energiebedarf endenergiebedarf preis bewertung stückzahl "
    "ausschussquote dauer notenschnitt wohnpreis quadratmeterpreis consommation rendement salaire prix precio ventas "
    "unidades consumo prezzo consumi cena zużycie pib winplaceperc perc admit y"
)
"""Last words of numbers that are often to be learned, when nothing before them says more."""

ABOUT = list_words("reason reasons date confidence probability prob grund by code cause")
"""Words behind others that say why, when or how surely something happened: known after it."""

TRUE = list_words("measured actual observed true real tatsächlich gemessen ist final")
"""First or last words of what was measured, beside what was planned or predicted."""

ATTRIBUTES = list_words(
    "length width height depth size diameter perimeter girth thickness radius circumference axis eccentricity extent "
    "angle slope aspect elevation distance km miles speed velocity acceleration direction bearing heading x y z temp "
    "temperature humidity pressure wind gust dew dewpoint rain rainfall precipitation snow cloud clouds cloudcover "
    "sunshine visibility radiation uv weather season sunrise sunset daylight moon voltage current frequency phase rpm "
    "torque vibration rssi snr battery ram memory storage cpu gpu screen resolution camera cores weightkg dose dosage "
    "rooms bedrooms bathrooms bath baths beds bedroom bathroom floor floors stories garage parking garden balcony "
    "kitchen pool lift elevator heating cooling basement cellar furnishing furnished lot sqft sqm living land built "
    "renovated zoning view waterfront condition tax zimmer stockwerk baujahr balkon küche kueche keller garten aufzug "
    "heizung gender sex age race ethnicity marital married education degree occupation job profession employment "
    "employed employer income household family children dependents kids siblings spouse religion nationality citizen "
    "language born birth birthday tenure experience seniority department team position role shift overtime travel "
    "commute smoker smoking smokes alcohol drinking exercise diet sleep bmi glucose cholesterol insulin bp sbp dbp "
    "systolic diastolic pulse heartrate hemoglobin platelets creatinine sodium potassium albumin bilirubin wbc rbc "
    "allergy symptoms symptom fever cough fatigue headache pain medication drug treatment therapy surgery history "
    "brand make model manufacturer transmission gearbox fuel engine cylinders horsepower displacement drivetrain "
    "mileage odometer doors seats color colour material shape texture pattern store shop branch region city state "
    "country county district zone area location address street zip postcode latitude longitude station route origin "
    "destination airport airline carrier departure arrival stops passengers adults babies meal room market channel "
    "segment distribution payment method card currency contract plan tariff subscription service services internet "
    "phone streaming security support email sms device browser os platform app website page pages session visits "
    "campaign source medium keyword ad impressions discount coupon promo promotion promotions holiday weekend weekday "
    "day month year hour minute week quarter date time timestamp start end began created updated modified version "
    "author director actor artist album track title genre publisher studio runtime episodes budget subtitle words "
    "tempo key mode valence danceability energy acousticness liveness speechiness instrumentalness opponent home away "
    "venue toss league club foot minutes games attempts assists rebounds lag previous prior before baseline initial "
    "block plot rep replicate variety soil moisture nitrogen phosphorus ph irrigation fertilizer pesticide flag flags "
    "note notes comment comments remark code type kind tags url link image picture text name id number population "
    "density gdp literacy agriculture industry unit units quantity qty count total sum avg mean std min max permit "
    "capacity seating smoke male female urban rural neutral rank ranking serial index group sample batch lane site "
    "operator machine tool line sensor instrument setting setpoint mean_radius ratio coefficient ordered order orders "
    "stock inventory forecast competitor warranty owner owners seller buyer vendor volume bags confidence probability "
    "estimate estimated predicted adviser bar wifi bluetooth touch dual sim"
)
"""Words of what is known before: attributes of a person, a thing, a place, a day."""
