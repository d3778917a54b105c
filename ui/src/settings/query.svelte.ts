// What is searched for in the settings.

import { getContext, setContext } from "svelte";

export class Query {
  text = $state("");

  /** Whether something is found by what is searched for: all its words, in any order, without regard to case. */
  finds(text: string): boolean {
    const fold = (part: string): string => part.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    const inside = fold(text);
    return fold(this.text).split(/\s+/u).every((word) => inside.includes(word));
  }
}

const QUERY = Symbol("query");

export function provideQuery(): Query {
  return setContext(QUERY, new Query());
}

/** Outside the settings nothing is searched for. */
export function useQuery(): Query {
  return getContext<Query | undefined>(QUERY) ?? new Query();
}
