"""Short lists of words that depend on who speaks and of whom: pronouns of five languages, and a few function words.

They hold the forms that any grammar lists, and no more: personal and possessive pronouns, which change with the person
of a narrator and the cast, and articles, prepositions and conjunctions for who asks for content words.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class WordChoice:
    """What is chosen beforehand.

    Attributes:
        without: Words that no feature may hold, lower-case.
        only: The n-grams that may be features; empty for all.
        skipped: n-grams that are no features, such as the most frequent ones.
    """

    without: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.without or self.only or self.skipped)


def _split(words: str) -> tuple[str, ...]:
    return tuple(words.split())


WORD_LISTS: Mapping[str, tuple[str, ...]] = {
    "pronouns.en": _split(
        "i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her "
        "hers herself it its itself they them their theirs themselves thou thee thy thine thyself ye"
    ),
    "pronouns.de": _split(
        "ich mich mir mein meine meinem meinen meiner meines du dich dir dein deine deinem deinen deiner deines er "
        "ihn ihm sein seine seinem seinen seiner seines sie ihr ihre ihrem ihren ihrer ihres ihnen es wir uns unser "
        "unsere unserem unseren unserer unseres unserm unsern unsre unsrem unsren unsrer unsres euch euer eure "
        "eurem euren eurer eures sich"
    ),
    "pronouns.fr": _split(
        "je j me m moi mon ma mes mien mienne miens miennes tu te t toi ton ta tes tien tienne tiens tiennes il "
        "elle on lui se s soi son sa ses sien sienne siens siennes nous notre nos nôtre nôtres vous votre vos vôtre "
        "vôtres ils elles eux leur leurs"
    ),
    "pronouns.la": _split(
        "ego mei mihi me mecum meus mea meum meae meo meam meorum mearum meis meos meas tu tui tibi te tecum tuus "
        "tua tuum tuae tuo tuam tuorum tuarum tuis tuos tuas nos nostri nostrum nobis nobiscum noster nostra "
        "nostrae nostro nostram nostrorum nostrarum nostris nostros nostras vos vestri vestrum vobis vobiscum "
        "vester vestra vestrae vestro vestram vestrorum vestrarum vestris vestros vestras se sese secum sui sibi "
        "suus sua suum suae suo suam suorum suarum suis suos suas is ea id eius ei eum eam eo ii eae eorum earum "
        "eis iis eos eas"
    ),
    "pronouns.he": _split(
        "אני אנכי אתה אתם אתן אתנה הוא היא אנחנו נחנו הם המה הן הנה לי לך לו לה לנו לכם לכן להם להן להמה אתי אתו "
        "אתך אותי אותך אותו אותה אותנו אתכם אותם אותן"
    ),
    "stop_words.en": _split(
        "a an the and or but nor if then than that this these those which who whom whose what when where while as "
        "at by for from in into of off on onto out over to under up upon with without is am are was were be been "
        "being have has had do does did will would shall should can could may might must not no so too very"
    ),
    "stop_words.de": _split(
        "der die das dem den des ein eine einem einen einer eines und oder aber denn wenn dann als dass daß wie wo "
        "wer was an am auf aus bei beim bis durch für gegen in im ins mit nach ohne über um unter von vom vor zu "
        "zum zur ist bin bist sind seid war waren sein gewesen haben habe hast hat hatte hatten werden wird wurde "
        "wurden kann konnte muss mußte soll will nicht kein keine so auch nur noch schon sehr"
    ),
    "stop_words.fr": _split(
        "le la les l un une des du de d au aux et ou mais ni si que qu qui quoi dont où quand comme à dans en par "
        "pour sans sous sur avec chez vers entre est suis es sommes êtes sont était étaient être été ai as a avons "
        "avez ont avait avaient avoir eu ne n pas plus point ce cet cette ces c très trop"
    ),
    "stop_words.la": _split(
        "et ac atque aut vel nec neque sed at si nisi ut ne cum dum quod quia quam quoque etiam enim nam autem "
        "igitur ergo in ad ab a de ex e per pro sine sub ante post inter apud qui quae cuius cui quem quo qua est "
        "sum es sunt esse erat erant fuit non hic haec hoc ille illa illud"
    ),
    "stop_words.he": _split("את אל על מן עד עם כי אשר אם גם לא או כל ב ל מ ו ה כ ש זה זאת אלה יש אין היה כן פן בין"),
}
"""Name -> words, lower-case; French ones as they stand where words end at apostrophes, Hebrew ones without points."""
