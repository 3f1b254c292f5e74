import Testing

@testable import Funding

@Suite struct ChunkSelectionTests {
  @Test(arguments: [
    "This work was SUPPORTED by NIH (R01).", "FUNDING\nNone.", "Acknowledgements", "we are grateful to A. B.",
    "Gefördert durch die DFG.", "Gefo\u{308}rdert durch die DFG.", "Financé par l'ANR.", "Financiado por la UE.",
    "国家自然科学基金（12345）", "科研費 JP123",
    "Работа выполнена за счёт гранта РНФ.", "the end of it: grant",
    // other languages
    "Badania sfinansowano ze środków NCN.", "Praca wsparta przez NCN.", "Dziękujemy NCN.",
    "Práce byla podpořena GA ČR.",
    "Táto práca bola podporená APVV.", "A kutatást az OTKA támogatta.", "TÜBİTAK TARAFINDAN DESTEKLENMİŞTİR.",
    "Teşekkür", "Дослідження виконано за підтримки НФДУ.", "Фінансування", "Исследование выполнено при поддержке РФФИ.",
    "تم دعم هذا العمل", "بتمويل من الجامعة", "La ricerca è stata sostenuta dal MIUR.", "Si ringrazia il MIUR.",
    "Dit onderzoek werd ondersteund door NWO.", "Arbetet har fått stöd av VR.", "Arbeidet er støttet av NFR.",
    "Vi takker Forskningsrådet.", "Tutkimusta rahoitti Suomen Akatemia.", "Η έρευνα χρηματοδοτήθηκε από το ΕΛΙΔΕΚ.",
    "Cercetare sprijinită de UEFISCDI.", "المنحة رقم ٣ منحة",
  ])
  func wordsOfFundingAreLikely(_ text: String) {
    #expect(ChunkSelection.likely.includes(text) && ChunkSelection.all.includes(text))
  }

  /// What typesetting does to the words hides none.
  @Test(arguments: [
    "was \u{FB01}nanced by", "\u{FB01}nanziert von", "spon\u{AD}sored by", "sup\u{AD}\nported by", "ac-\nknowledged",
    "sup- \n ported", "sup\u{2010}\nported", "sup\u{200B}ported", "F U N D I N G", "F u n d i n g :",
    "A C K N O W L E D G M E N T S",
    "F\u{2009}U\u{2009}N\u{2009}D\u{2009}I\u{2009}N\u{2009}G", "F UNDING", "A CKNOWLEDGMENTS", "Ｆｕｎｄｉｎｇ", "𝐅𝐮𝐧𝐝𝐢𝐧𝐠",
    "gefordert: GEFÖRDERT",
    "gefo\u{308}rdert", "gefoerdert", "desteklenmi\u{15F}tir", "f\u{131}nans", "gra\u{0}nt by", "gr\u{92}ant",
    "agradec\u{ED}",
    "Grateful\u{FEFF}", "THA\u{2060}NK",
  ])
  func typesettingHidesNone(_ text: String) { #expect(ChunkSelection.likely.includes(text)) }

  @Test(arguments: [
    "", "Mice were kept at 21 °C.", "fun d", "gran", "of under", "in a ward", "x y z", "custom", "äö\u{0}\u{FFFD}",
  ])
  func otherTextIsNot(_ text: String) {
    #expect(!ChunkSelection.likely.includes(text) && ChunkSelection.all.includes(text))
  }

  /// Linear: a long text takes a moment, in any script, whatever stands in it.
  @Test(
    .timeLimit(.minutes(1)), arguments: ["Mice ran. ", "f", "x y ", "Мыши бежали. ", "小鼠被饲养。", "ﬁ", "fo\u{308}", "-\n"])
  func longTextsAreSearchedFast(_ piece: String) {
    let text = String(repeating: piece, count: 100_000 / piece.utf8.count)
    #expect(!ChunkSelection.likely.includes(text) && ChunkSelection.likely.includes(text + " grant"))
  }
}
