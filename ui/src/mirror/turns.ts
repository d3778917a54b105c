// What the window shows of the conversation: the backend's snapshot, and its notices laid upon it. It only repeats
// what it is told.

import type { Body, Data, End, Exchange, Notice, Original, Passed, Problem, Progress, Snapshot, Stage, State, Turn, WholeSession, Word } from "../bridge/types";

/** A turn as it is shown. */
export interface Shown {
  /** Unique, and the same in all windows. */
  key: string;
  /** By which its reply is said again. */
  original: Original;
  /** The reply that it only says again. */
  again: Original | null;
  /** 0 for a turn of another time. */
  turn: number;
  partial: string;
  said: string | null;
  reply: string;
  /** Samples per second of the reply's audio; 0 before it is known. */
  rate: number;
  /** The words whose times are known. */
  words: Word[];
  /** Units of the reply that were heard, where it is known. */
  heard: number | null;
  end: End | null;
  cut: boolean;
  /** It is an exchange of the conversation. What only says a reply again is none. */
  kept: boolean;
  problem: Problem | null;
  /** The model thinks, unspoken. */
  reasoning: boolean;
  /** Who works on it, by part; of several, each took over from the one before. */
  using: Partial<Record<Stage, string[]>>;
  /** Gaps that were heard in the reply. */
  gaps: number;
  /** Sound of the microphone was lost. */
  dropped: boolean;
  /** When each milestone was passed, once it is over; none where it is not known. */
  milestones: Passed[];
}

/** All that the windows mirror of the conversation. */
export interface View {
  /** The last notice that was laid upon it. */
  sequence: number;
  state: State;
  session: string;
  /** Oldest first. */
  turns: Shown[];
  /** What belongs to no turn. */
  problem: Problem | null;
  /** The microphone in use. */
  microphone: string | null;
  /** The microphone gives no sound: it is open, and nobody is heard. */
  deaf: boolean;
}

export const NOTHING: View = {
  sequence: 0,
  state: { mode: "push_to_talk", turn: null, phase: { kind: "idle" } },
  session: "",
  turns: [],
  problem: null,
  microphone: null,
  deaf: false,
};

export function of(snapshot: Snapshot): View {
  const turns = snapshot.exchanges.map(past);
  const { turn } = snapshot;
  // Its exchange tells of it as well.
  const running = turn && !turns.some((shown) => shown.turn === turn.turn);
  return {
    sequence: snapshot.sequence,
    state: snapshot.state,
    session: snapshot.session,
    turns: running ? [...turns, present(turn)] : turns,
    problem: null,
    microphone: snapshot.microphone,
    deaf: turn?.problem?.stage === "microphone",
  };
}

/** What a reply is called on the pages. */
export function called({ kind, id }: Original): string {
  return `${kind}/${String(id)}`;
}

/** The reply that is to be said again, when this one is. A copy: only plain objects cross the bridge. */
export function first({ again, original }: Shown): Original {
  return { ...(again ?? original) };
}

function past(exchange: Exchange): Shown {
  const { original, said, reply, heard, cut, milestones } = exchange;
  const turn = original.kind === "turn" ? original.id : 0;
  const end: End = cut ? { kind: "cut" } : { kind: "complete" };
  return {
    key: called(original), original, again: null, turn, partial: "", said, reply, rate: 0, words: [], heard, end, cut,
    kept: true, problem: null, milestones, ...nothing(),
  };
}

function present(turn: Turn): Shown {
  const cut = turn.end?.kind === "cut" || turn.end?.kind === "cancelled";
  const shown = { ...turn, ...naming(turn.turn), cut, kept: false, using: {} };
  for (const { stage, provider } of turn.using) takeOver(shown, stage, provider);
  return shown;
}

function naming(turn: number): Pick<Shown, "key" | "original"> {
  const original: Original = { kind: "turn", id: turn };
  return { key: called(original), original };
}

/** How a turn went, before anything is told of it. */
function nothing(): Pick<Shown, "reasoning" | "using" | "gaps" | "dropped"> {
  return { reasoning: false, using: {}, gaps: 0, dropped: false };
}

/** Lays a notice upon the view. Returns whether it was new. */
export function lay(view: View, notice: Notice): boolean {
  if (notice.sequence <= view.sequence) return false;
  view.sequence = notice.sequence;
  put(view, notice.turn, notice.body);
  return true;
}

function put(view: View, turn: number | null, body: Body): void {
  switch (body.group) {
    case "lifecycle":
      if (body.event.kind === "state") {
        const { state } = body.event;
        const begins = state.turn !== null && state.turn !== view.state.turn;
        view.state = state;
        // What went wrong before is past.
        if (begins || state.phase.kind === "arming") view.problem = null;
        if (state.phase.kind === "arming") view.deaf = false;
      } else {
        const shown = find(view, turn);
        if (shown) shown.end = body.event.end;
      }
      return;
    case "progress":
      progress(view, turn, body.event);
      return;
    case "problem": {
      if (body.event.stage === "microphone") view.deaf = true;
      const shown = find(view, turn) ?? begin(view, turn);
      if (shown) shown.problem = body.event;
      else view.problem = body.event;
      return;
    }
    case "data": {
      // What closes a turn begins none.
      const shown = find(view, turn) ?? (body.event.kind === "ledger" ? undefined : begin(view, turn));
      if (shown) told(shown, body.event);
    }
  }
}

function progress(view: View, turn: number | null, event: Progress): void {
  if (event.kind === "device" && event.stage === "microphone") {
    view.microphone = event.device;
    // It is told when sound comes, and when another one takes over.
    view.deaf = false;
    // There is one again.
    if (view.problem?.stage === "microphone") view.problem = null;
  }
  // Who works on a turn is told before anything of it is known.
  const shown = find(view, turn) ?? (event.kind === "using" ? begin(view, turn) : undefined);
  if (!shown) return;
  if (event.kind === "reasoning") shown.reasoning = true;
  if (event.kind === "gap") shown.gaps += 1;
  if (event.kind === "dropped") shown.dropped = true;
  if (event.kind === "using") takeOver(shown, event.stage, event.provider);
}

/** This provider works on a part of the turn from now on. */
function takeOver({ using }: Pick<Shown, "using">, stage: Stage, provider: string): void {
  const before = using[stage] ?? [];
  if (before.at(-1) !== provider) using[stage] = [...before, provider];
}

function told(shown: Shown, data: Data): void {
  switch (data.kind) {
    case "again":
      shown.again = data.of;
      return;
    case "partial":
      shown.partial = data.text;
      return;
    case "said":
      shown.said = data.text;
      return;
    case "reply":
      shown.reply += data.delta;
      shown.reasoning = false;
      return;
    case "words":
      shown.rate = data.rate;
      shown.words.push(...data.words);
      return;
    case "started":
      return;
    case "heard":
      shown.heard = data.until;
      return;
    case "exchange": {
      const { said, reply, heard, cut } = data.exchange;
      Object.assign(shown, { said, reply, heard, cut, kept: true });
      return;
    }
    case "ledger":
      shown.milestones = data.milestones;
  }
}

function find(view: View, turn: number | null): Shown | undefined {
  return turn === null ? undefined : view.turns.findLast((shown) => shown.turn === turn);
}

function begin(view: View, turn: number | null): Shown | undefined {
  if (turn === null) return undefined;
  view.turns.push({
    ...naming(turn), again: null, turn, partial: "", said: null, reply: "", rate: 0, words: [], heard: null, end: null, cut: false,
    kept: false, problem: null, milestones: [], ...nothing(),
  });
  return view.turns.at(-1);
}

/** A turn with what is said again of it. */
export interface Pair {
  shown: Shown;
  /** The turn in which its reply is being spoken: itself, or a later one that says it again. */
  spoken: Shown;
}

/** What stands on the page: turns with something in them, and those that say a reply again within the one they repeat. */
export function pairs(turns: readonly Shown[]): Pair[] {
  const found: Pair[] = [];
  for (const shown of turns) {
    const { again } = shown;
    const pair = again && found.find((pair) => pair.shown.key === called(again));
    if (pair) pair.spoken = shown;
    else if (isVisible(shown)) found.push({ shown, spoken: shown });
  }
  return found;
}

/** What stands on the page of a conversation of earlier times. Its replies may be said again by the present one. */
export function earlier(session: WholeSession, turns: readonly Shown[]): Pair[] {
  const whole = session.exchanges.map((exchange) => {
    const said = exchange.said === "" ? null : exchange.said;
    return past({ ...exchange, original: { kind: "exchange", id: exchange.id }, said });
  });
  const again = turns.filter((shown) => shown.again !== null);
  return pairs([...whole, ...again]).filter((pair) => whole.includes(pair.shown));
}

function isVisible(shown: Shown): boolean {
  const gone = shown.end?.kind === "continued" || shown.end?.kind === "heard_nothing";
  if (gone) return false;
  // A reply of another conversation was said again, or what should be said unasked was called off.
  if (!shown.kept && shown.end && !shown.said && !shown.partial && !shown.problem) return false;
  return Boolean(shown.said ?? shown.partial) || shown.reply !== "" || shown.problem !== null;
}
