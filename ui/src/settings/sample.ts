// What voices are heard with before they are chosen: in their own language, not the window's.

const SAMPLES: Partial<Record<string, string>> = {
  en: "I say each word, and you see it light up as you hear it.",
  de: "Ich sage jedes Wort, und du siehst es leuchten, wenn du es hörst.",
  fr: "Je dis chaque mot, et vous le voyez s’éclairer quand vous l’entendez.",
  es: "Digo cada palabra, y la ves iluminarse cuando la oyes.",
  ar: "أقول كل كلمة، وتراها تضيء حين تسمعها.",
  zh: "我说每一个词，您听到时就会看见它亮起。",
};

/** The sample for a voice that speaks these languages (tags such as `en-GB`), and the language it is in. */
export function sampleFor(languages: readonly string[]): { language: string; text: string } {
  for (const tag of languages) {
    const language = tag.split("-")[0] ?? tag;
    const text = SAMPLES[language];
    if (text !== undefined) return { language, text };
  }
  return { language: "en", text: SAMPLES.en ?? "" };
}
