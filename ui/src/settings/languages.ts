// The languages that can be chosen from.

import { languageName } from "../strings/strings.svelte";

/** Those that cloud recognisers and voices share; any other can be set in the file. */
const TAGS = [
  "ar", "bn", "cs", "da", "de", "el", "en", "es", "fi", "fr", "he", "hi", "hu", "id", "it", "ja", "ko", "nl", "no",
  "pl", "pt", "ro", "ru", "sv", "ta", "th", "tr", "uk", "vi", "zh", "zh-HK",
];

/** All of them and the one that is set, by name; first of all none of them, as it is called there. */
export function languages(set: string | undefined, none: string): { value: string; text: string }[] {
  const tags = set && !TAGS.includes(set) ? [set, ...TAGS] : TAGS;
  const named = tags.map((value) => ({ value, text: languageName(value) }));
  const order = new Intl.Collator();
  return [{ value: "", text: none }, ...named.sort((a, b) => order.compare(a.text, b.text))];
}
