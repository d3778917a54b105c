// What the catalogue of models says of each, in the windows' other languages. The catalogue itself is in English
// (`crates/ondevice/src/catalogue/models.toml`); its sentences are the keys here, so that none is shown in a translation
// of what it said before.

import { current, type Language } from "./strings.svelte";

type Foreign = Record<Exclude<Language, "en">, string>;

/** A sentence of the catalogue, and the language in which it stands: models that users add themselves stay in English. */
export function catalogued(sentence: string): { text: string; lang: Language } {
  const language = current();
  const text = language === "en" ? undefined : SENTENCES[sentence]?.[language];
  return text === undefined ? { text: sentence, lang: "en" } : { text, lang: language };
}

export const SENTENCES: Readonly<Record<string, Foreign>> = {
  "Recognises English speech in a tenth of the time that it takes to say it.": {
    de: "Erkennt gesprochenes Englisch in einem Zehntel der Sprechdauer.",
    fr: "Reconnaît l’anglais parlé en un dixième de la durée de la parole.",
    es: "Reconoce el inglés hablado en una décima parte de lo que dura.",
    ar: "يتعرّف على الكلام الإنجليزي في عُشر الوقت الذي يستغرقه قوله.",
    zh: "识别英语语音，用时仅为说话时间的十分之一。",
  },
  "Good for clear speech close to the microphone; among other voices about every third word is wrong.": {
    de: "Gut bei deutlicher Sprache nah am Mikrofon; zwischen anderen Stimmen ist etwa jedes dritte Wort falsch.",
    fr: "Bon quand on parle clairement près du micro ; au milieu d’autres voix, environ un mot sur trois est faux.",
    es: "Bueno con voz clara cerca del micrófono; entre otras voces falla más o menos una de cada tres palabras.",
    ar: "جيّد مع الكلام الواضح القريب من الميكروفون؛ وبين أصوات أخرى يخطئ في نحو كلمة من كل ثلاث.",
    zh: "离麦克风近、口齿清晰时效果好；周围有其他人说话时，大约每三个词错一个。",
  },
  "Answers in a sentence, at once, on any machine.": {
    de: "Antwortet sofort, in einem Satz, auf jedem Rechner.",
    fr: "Répond aussitôt, en une phrase, sur n’importe quel ordinateur.",
    es: "Responde al instante, con una frase, en cualquier equipo.",
    ar: "يجيب فورًا بجملة واحدة على أي حاسوب.",
    zh: "在任何电脑上都能立刻用一句话回答。",
  },
  "Tiny model, often wrong: it invents facts and cannot do sums. Choose a larger one for real questions.": {
    de: "Winziges Modell, irrt oft: Es erfindet Tatsachen und kann nicht rechnen. Für ernste Fragen besser ein größeres wählen.",
    fr: "Modèle minuscule, souvent dans l’erreur : il invente des faits et ne sait pas calculer. Pour de vraies questions, choisissez-en un plus grand.",
    es: "Modelo diminuto que se equivoca a menudo: inventa datos y no sabe sumar. Para preguntas de verdad, elige uno mayor.",
    ar: "نموذج صغير جدًا وكثير الخطأ: يخترع الحقائق ولا يُحسن الحساب. للأسئلة الجدّية اختر نموذجًا أكبر.",
    zh: "模型很小，经常出错：会编造事实，也不会算数。认真提问时请选择更大的模型。",
  },
  "A lively American woman's voice that knows the time of every word it speaks.": {
    de: "Eine lebhafte amerikanische Frauenstimme mit exakten Zeiten für jedes Wort.",
    fr: "Une voix de femme américaine pleine de vie, avec un minutage exact de chaque mot.",
    es: "Una voz animada de mujer estadounidense, con el tiempo exacto de cada palabra.",
    ar: "صوت امرأة أمريكية مفعم بالحيوية، بتوقيت دقيق لكل كلمة.",
    zh: "活泼的美式女声，提供每个词的精确时间。",
  },
  "Clear; names from other languages may be misread.": {
    de: "Deutlich; Namen aus anderen Sprachen liest sie manchmal falsch.",
    fr: "Claire ; les noms d’autres langues peuvent être mal lus.",
    es: "Clara; puede leer mal los nombres de otros idiomas.",
    ar: "واضح؛ وقد يخطئ في قراءة الأسماء من لغات أخرى.",
    zh: "清晰；其他语言的人名可能读错。",
  },
  "Hears from how a sentence sounds whether the speaker has finished.": {
    de: "Hört am Klang eines Satzes, ob man fertig ist.",
    fr: "Entend, à l’intonation d’une phrase, si l’on a fini de parler.",
    es: "Distingue por cómo suena una frase si se ha terminado de hablar.",
    ar: "يعرف من نبرة الجملة هل انتهى المتكلّم.",
    zh: "从语句的语调听出说话人是否已经说完。",
  },
  "Right in about nine cases of ten; text that is read aloud confuses it.": {
    de: "Hat in etwa neun von zehn Fällen recht; vorgelesener Text verwirrt es.",
    fr: "A raison environ neuf fois sur dix ; un texte lu à haute voix le déroute.",
    es: "Acierta en unos nueve de cada diez casos; un texto leído en voz alta lo confunde.",
    ar: "يصيب في نحو تسع حالات من عشر؛ ويربكه النص المقروء جهرًا.",
    zh: "十次中约有九次判断正确；朗读文本会让它混淆。",
  },
  "Tells speech from other sounds, in any language.": {
    de: "Unterscheidet Sprache von anderen Geräuschen, in jeder Sprache.",
    fr: "Distingue la parole des autres sons, dans toutes les langues.",
    es: "Distingue la voz de otros sonidos, en cualquier idioma.",
    ar: "يميّز الكلام من الأصوات الأخرى، بأي لغة.",
    zh: "把语音与其他声音区分开，适用于任何语言。",
  },
  "Can miss a soft first word by a quarter of a second.": {
    de: "Kann ein leises erstes Wort um eine Viertelsekunde verpassen.",
    fr: "Peut manquer d’un quart de seconde un premier mot dit doucement.",
    es: "Puede perder un cuarto de segundo de una primera palabra dicha en voz baja.",
    ar: "قد تفوته ربع ثانية من كلمة أولى خافتة.",
    zh: "如果第一个词很轻，可能会漏掉四分之一秒。",
  },
  "A small model that writes well for its size.": {
    de: "Ein kleines Modell, das für seine Größe gut schreibt.",
    fr: "Un petit modèle qui écrit bien pour sa taille.",
    es: "Un modelo pequeño que escribe bien para su tamaño.",
    ar: "نموذج صغير يُحسن الكتابة قياسًا بحجمه.",
    zh: "小型模型，以其大小而言文笔不错。",
  },
  "A clear step up from the embedded model; facts are still often wrong.": {
    de: "Deutlich besser als das mitgelieferte Modell; Tatsachen sind noch oft falsch.",
    fr: "Nettement mieux que le modèle inclus ; les faits restent souvent faux.",
    es: "Claramente mejor que el modelo incluido; los datos aún fallan a menudo.",
    ar: "أفضل بوضوح من النموذج المرفق؛ ولا تزال الحقائق خاطئة في كثير من الأحيان.",
    zh: "明显好于自带模型；事实仍常有错误。",
  },
  "A small model that follows instructions well.": {
    de: "Ein kleines Modell, das Anweisungen gut befolgt.",
    fr: "Un petit modèle qui suit bien les instructions.",
    es: "Un modelo pequeño que sigue bien las instrucciones.",
    ar: "نموذج صغير يتّبع التعليمات جيّدًا.",
    zh: "小型模型，能很好地遵循指令。",
  },
  "A mid-sized model for machines with 8 GB of memory.": {
    de: "Ein mittelgroßes Modell für Rechner mit 8 GB Arbeitsspeicher.",
    fr: "Un modèle moyen pour les ordinateurs dotés de 8 Go de mémoire.",
    es: "Un modelo mediano para equipos con 8 GB de memoria.",
    ar: "نموذج متوسط لأجهزة بذاكرة 8 غيغابايت.",
    zh: "中等大小的模型，适合 8 GB 内存的电脑。",
  },
  "Sensible answers to everyday questions; check facts that matter.": {
    de: "Vernünftige Antworten auf alltägliche Fragen; wichtige Tatsachen sollte man prüfen.",
    fr: "Des réponses sensées aux questions de tous les jours ; vérifiez les faits importants.",
    es: "Respuestas sensatas a preguntas cotidianas; comprueba los datos importantes.",
    ar: "إجابات معقولة عن الأسئلة اليومية؛ تحقّق من الحقائق المهمة.",
    zh: "日常问题回答合理；重要事实请自行核实。",
  },
  "The smallest model here that follows a conversation, in many languages.": {
    de: "Das kleinste Modell der Liste, das einem Gespräch folgen kann, in vielen Sprachen.",
    fr: "Le plus petit modèle de la liste capable de suivre une conversation, dans de nombreuses langues.",
    es: "El modelo más pequeño de la lista capaz de seguir una conversación, en muchos idiomas.",
    ar: "أصغر نموذج في القائمة يستطيع متابعة المحادثة، بلغات كثيرة.",
    zh: "列表中能跟上对话的最小模型，支持多种语言。",
  },
  "A step up from the embedded model; facts are often wrong.": {
    de: "Besser als das mitgelieferte Modell; Tatsachen sind oft falsch.",
    fr: "Mieux que le modèle inclus ; les faits sont souvent faux.",
    es: "Mejor que el modelo incluido; los datos fallan a menudo.",
    ar: "أفضل من النموذج المرفق؛ والحقائق خاطئة في كثير من الأحيان.",
    zh: "好于自带模型；事实常有错误。",
  },
  "The first real step up: holds a conversation in many languages on a machine with 8 GB.": {
    de: "Der erste echte Sprung nach vorn: führt Gespräche in vielen Sprachen, auf einem Rechner mit 8 GB.",
    fr: "Le premier vrai bond en avant : tient une conversation en de nombreuses langues sur un ordinateur de 8 Go.",
    es: "La primera mejora de verdad: mantiene una conversación en muchos idiomas en un equipo con 8 GB.",
    ar: "أول تحسّن حقيقي: يجري محادثة بلغات كثيرة على جهاز بذاكرة 8 غيغابايت.",
    zh: "第一个真正的提升：在 8 GB 内存的电脑上用多种语言对话。",
  },
  "The most capable model here, and one that never thinks aloud; wants a fast machine with 8 GB or more.": {
    de: "Das leistungsfähigste Modell der Liste; es denkt nie laut nach und braucht einen schnellen Rechner mit 8 GB oder mehr.",
    fr: "Le modèle le plus performant de la liste, qui ne réfléchit jamais à voix haute ; demande un ordinateur rapide de 8 Go ou plus.",
    es: "El modelo más capaz de la lista, que nunca piensa en voz alta; necesita un equipo rápido con 8 GB o más.",
    ar: "أقوى نموذج في القائمة، ولا يفكّر بصوت مسموع أبدًا؛ يحتاج جهازًا سريعًا بذاكرة 8 غيغابايت أو أكثر.",
    zh: "列表中能力最强的模型，从不把思考过程说出来；需要 8 GB 以上内存的快速电脑。",
  },
  "Good answers; slow without a fast processor.": {
    de: "Gute Antworten; langsam ohne schnellen Prozessor.",
    fr: "De bonnes réponses ; lent sans processeur rapide.",
    es: "Buenas respuestas; lento sin un procesador rápido.",
    ar: "إجابات جيّدة؛ بطيء من دون معالج سريع.",
    zh: "回答良好；没有快速处理器时较慢。",
  },
  "The embedded model's larger sister, for English.": {
    de: "Die größere Version des mitgelieferten Modells, für Englisch.",
    fr: "La version plus grande du modèle inclus, pour l’anglais.",
    es: "La versión grande del modelo incluido, para inglés.",
    ar: "النسخة الأكبر من النموذج المرفق، للإنجليزية.",
    zh: "自带模型的大号版本，用于英语。",
  },
  "A clear step up from the embedded model; check facts that matter.": {
    de: "Deutlich besser als das mitgelieferte Modell; wichtige Tatsachen sollte man prüfen.",
    fr: "Nettement mieux que le modèle inclus ; vérifiez les faits importants.",
    es: "Claramente mejor que el modelo incluido; comprueba los datos importantes.",
    ar: "أفضل بوضوح من النموذج المرفق؛ تحقّق من الحقائق المهمة.",
    zh: "明显好于自带模型；重要事实请自行核实。",
  },
  "An American man's voice.": {
    de: "Die Stimme eines Amerikaners.",
    fr: "Une voix d’homme américain.",
    es: "Una voz de hombre estadounidense.",
    ar: "صوت رجل أمريكي.",
    zh: "美式男声。",
  },
  "A second American woman's voice.": {
    de: "Eine zweite amerikanische Frauenstimme.",
    fr: "Une deuxième voix de femme américaine.",
    es: "Una segunda voz de mujer estadounidense.",
    ar: "صوت امرأة أمريكية ثانٍ.",
    zh: "另一个美式女声。",
  },
  "Google's Gemma Terms of Use and its list of prohibited uses apply.": {
    de: "Es gelten Googles Nutzungsbedingungen für Gemma und ihre Liste verbotener Verwendungen.",
    fr: "Les conditions d’utilisation de Gemma de Google et leur liste d’usages interdits s’appliquent.",
    es: "Se aplican las condiciones de uso de Gemma de Google y su lista de usos prohibidos.",
    ar: "تسري شروط استخدام Gemma من Google وقائمة استخداماتها المحظورة.",
    zh: "适用 Google 的 Gemma 使用条款及其禁止用途清单。",
  },
  "Built with Llama. The Llama 3.2 Community License and its acceptable-use policy apply.": {
    de: "Built with Llama. Es gelten die Llama 3.2 Community License und ihre Richtlinie zur zulässigen Nutzung.",
    fr: "Built with Llama. La Llama 3.2 Community License et sa politique d’utilisation acceptable s’appliquent.",
    es: "Built with Llama. Se aplican la Llama 3.2 Community License y su política de uso aceptable.",
    ar: "Built with Llama. تسري رخصة Llama 3.2 Community License وسياسة الاستخدام المقبول الخاصة بها.",
    zh: "Built with Llama。适用 Llama 3.2 Community License 及其可接受使用政策。",
  },
};
