// The words of the windows, in the user's language.

import { ar } from "./ar";
import { de } from "./de";
import { en, type Plural } from "./en";
import { es } from "./es";
import { fr } from "./fr";
import { zh } from "./zh";

export type Key = keyof typeof en;
/** A whole catalogue: one that lacks a text, or has a plural where English has none, does not compile. */
export type Catalogue = { readonly [K in Key]: (typeof en)[K] extends string ? string : Plural };

export type Language = "en" | "de" | "fr" | "es" | "ar" | "zh";
const CATALOGUES: Record<Language, Catalogue> = { en, de, fr, es, ar, zh };

/** Each in its own name. */
export const LANGUAGES: Record<Language, string> = {
  en: "English",
  de: "Deutsch",
  fr: "Français",
  es: "Español",
  ar: "العربية",
  zh: "中文",
};

/** What `{…}` a text has. */
type Blanks<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Blanks<Rest> : never;
type Text<K extends Key> = (typeof en)[K] extends { other: infer S } ? S : (typeof en)[K];
type Filling<K extends Key> = (typeof en)[K] extends string
  ? Record<Blanks<Text<K>>, string | number>
  : { count: number };
type Arguments<K extends Key> = [keyof Filling<K>] extends [never] ? [] : [Filling<K>];

let language: Language = $state("en");

/** The language the windows speak now. */
export function current(): Language {
  return language;
}

/** The first of the wished languages that there is a catalogue for. */
export function choose(wished: readonly string[]): Language {
  const known = Object.keys(CATALOGUES) as Language[];
  for (const tag of wished) {
    const base = tag.toLowerCase().split("-")[0];
    const found = known.find((name) => name === base);
    if (found) return found;
  }
  return "en";
}

/** Speaks another language from now on. */
export function speak(next: Language): void {
  language = next;
  document.documentElement.lang = next;
  document.documentElement.dir = next === "ar" ? "rtl" : "ltr";
}

/** The text of a key, its blanks filled in. */
export function t<K extends Key>(key: K, ...filling: Arguments<K>): string {
  return fill(CATALOGUES[language], language, key, filling[0]);
}

/** The English text of a key, for what understands no other language. */
export function english(key: Key): string {
  return fill(en, "en", key);
}

/** All texts whose keys begin alike, in the windows' language. */
export function texts(prefix: string): string[] {
  const found = Object.entries<string | Plural>(CATALOGUES[language]).filter(([key]) => key.startsWith(prefix));
  return found.map(([, text]) => (typeof text === "string" ? text : text.other));
}

/** As `t`, of any catalogue. Pure. */
export function fill(catalogue: Catalogue, tag: string, key: Key, filling?: Record<string, string | number>): string {
  const text: string | Plural = catalogue[key];
  const form = typeof text === "string" ? text : plural(text, tag, Number(filling?.count ?? 0));
  if (!filling) return form;
  return form.replace(/\{(\w+)\}/gu, (blank, name: string) => {
    const value = filling[name];
    if (value === undefined) return blank;
    return typeof value === "number" ? new Intl.NumberFormat(latin(tag)).format(value) : value;
  });
}

function plural(text: Plural, tag: string, count: number): string {
  return text[new Intl.PluralRules(tag).select(count)] ?? text.other;
}

/** The language as the system's own region writes it: in English, days stand before months nearly everywhere. */
function region(): string {
  return latin(navigator.languages.find((tag) => tag.toLowerCase().split("-")[0] === language) ?? language);
}

/** With one kind of digits: names of models, keys and dates beside them have Latin ones. */
function latin(tag: string): string {
  return new Intl.Locale(tag, { numberingSystem: "latn" }).toString();
}

/** A number as this language writes it. */
export function number(value: number, options?: Intl.NumberFormatOptions): string {
  return new Intl.NumberFormat(region(), options).format(value);
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** Bytes as this language writes them. */
export function bytes(value: number): string {
  let [size, unit] = [value, 0];
  // As it will be written: there are no 1000 kB.
  while (Math.round(size) >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  const digits = unit < 2 || size >= 100 ? 0 : 1;
  return number(size, { style: "unit", unit: UNITS[unit] ?? "byte", maximumFractionDigits: digits });
}

/** A moment: the time today, else the date. */
export function when(unix: number, now = Date.now()): string {
  const [date, today] = [new Date(unix), new Date(now)];
  const same = date.toDateString() === today.toDateString();
  const options: Intl.DateTimeFormatOptions = same ? { timeStyle: "short" } : { dateStyle: "medium" };
  return new Intl.DateTimeFormat(region(), options).format(date);
}

/** The name of a language or a list of them. */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(language, { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}
export function list(items: readonly string[]): string {
  return new Intl.ListFormat(language, { type: "conjunction" }).format(items);
}
